import { expect, test } from 'alpy/test';

test('reaches its prompt and says what it is', async ({ dut }) => {
  await dut.console.sendLine('version');
  const { text } = await dut.console.expect(/U-Boot \d{4}\.\d\d/, { timeoutMs: 30_000 });
  expect(text).toMatch(/^U-Boot/);
});

test('gets an address by DHCP and a file by TFTP', async ({ dut, links: [link], nodes: [node] }) => {
  await dut.console.sendLine('dhcp ${loadaddr}');
  await dut.console.expect('Bytes transferred = 5', { timeoutMs: 60_000 });
  const { address } = await node.services.dhcp.lease(link.mac);
  expect(await node.services.tftp.request('hello')).toEqual({ file: 'hello', client: address, isSent: true });
});
