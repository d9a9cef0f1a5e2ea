import { expect, test } from 'alpy/test';

test('the ROM of the NIC boots a kernel from the network', async ({ dut, links: [link], nodes: [node] }) => {
  const { dhcp, http, tftp } = node.services;
  await dut.console.expect('iPXE runs the script of the node', { timeoutMs: 60_000 });
  await dut.console.expect(/BusyBox .* built-in shell/, { timeoutMs: 120_000 });

  const { address } = await dhcp.lease(link.mac);
  expect(await tftp.request('boot.ipxe')).toMatchObject({ client: address, isSent: true });
  expect(await http.request('/initrd.gz')).toMatchObject({ client: address, status: 200 });
  await expect(link).toHaveSeen('dhcp.option.type == 77'); // iPXE says that it is iPXE
});
