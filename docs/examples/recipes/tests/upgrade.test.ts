import { expect, test } from 'alpy/test';

/** The installer of the new release. Rabbit runs /etc/rabbit/local at each boot. */
const installer = `#!/bin/sh -e
  echo 2.0 >/etc/rabbit/version
  printf '#!/bin/sh\nsysctl -w net.ipv4.ip_forward=1\nsh /etc/rabbit/addresses\n' >/etc/rabbit/local
  chmod 755 /etc/rabbit/local`;

const addresses = `
  ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
  ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up`;

test('keeps its addresses and forwards after an upgrade', async ({ dut, links: [, far], nodes: [left, right] }) => {
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
  await dut.shell.upload(Buffer.from(addresses), '/etc/rabbit/addresses');
  await dut.shell.run('echo 1.0 >/etc/rabbit/version && sh /etc/rabbit/addresses');
  await expect(left).toReach('192.168.1.1');
  await expect(far).not.toHaveSeen('icmp'); // the old release does not forward

  await dut.shell.runScript({ content: installer });
  await dut.reboot();

  expect((await dut.shell.run('cat /etc/rabbit/version')).output).toBe('2.0');
  await expect(left).toReach('192.168.2.2');
  await expect(far).toHaveSeen('icmp.type == 8 && ip.src == 192.168.1.2 && ip.ttl == 63');
});
