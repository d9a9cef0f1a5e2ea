// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

test('a saved configuration survives a power cut', async ({ dut, rabbit, links: [, far], nodes: [left, right] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await rabbit.forwardIpv4();
  await rabbit.saveConfiguration();
  await rabbit.run('ip route add blackhole 192.0.2.0/24'); // not saved
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  await dut.powerCut();
  await expect(far).not.toHaveSeen('icmp'); // so any echo request below was forwarded after the power cut
  await dut.powerOn();
  await dut.login();

  await expect(left).toReach('192.168.2.2');
  await expect(far).toHaveSeen(`icmp.type == 8 && ip.src == 192.168.1.2 && ip.ttl == 63 && eth.src == ${far.mac}`);
  expect(await rabbit.run('ip route show type blackhole'), 'the route that was not saved').toBe('');
});
