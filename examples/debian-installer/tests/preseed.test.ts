import { expect, test } from 'alpy/test';

const wait = { timeoutMs: 240_000 }; // all of it takes a minute without KVM, if the machine has nothing else to do

test('the installer finds its preseed file, and does what it says', async ({ dut, links: [link], nodes: [node] }) => {
  const { dhcp, http, syslog } = node.services;
  const { address } = await dhcp.lease(link.mac, wait);
  expect(await http.request('/preseed.cfg', wait)).toMatchObject({ client: address, status: 200 });

  await dut.console.expect('the early command runs on x86_64', wait);
  await syslog.waitFor("localechooser: info: debian-installer/locale preseeded to 'en_US.UTF-8'", wait);
  await http.request('/debian/dists/trixie/Release', wait); // mirror and suite are those of the file
  await dut.console.expect('Bad archive mirror', wait); // because the node has no packages
});
