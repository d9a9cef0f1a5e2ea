// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

test('forwards IPv4 between two links', async ({ rabbit, links, nodes: [left, right] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await rabbit.forwardIpv4();
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  await expect(left).toReach('192.168.2.2');

  // a router decrements the TTL and replaces the sender's hardware address with its own
  const echo = 'icmp.type == 8 && ip.src == 192.168.1.2 && ip.dst == 192.168.2.2';
  await expect(links[0]).toHaveSeen(`${echo} && ip.ttl == 64 && eth.dst == ${links[0].mac}`);
  await expect(links[1]).toHaveSeen(`${echo} && ip.ttl == 63 && eth.src == ${links[1].mac}`);
  await expect(links[1]).toHaveSeen('icmp.type == 0 && ip.src == 192.168.2.2');
  await expect(links[1]).not.toHaveSeen('arp.src.proto_ipv4 == 192.168.1.2');
});

test('forwards nothing by default', async ({ rabbit, links, nodes: [left, right] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  await expect(left).not.toReach('192.168.2.2', { timeoutMs: 2000 });
  await expect(links[0]).toHaveSeen('icmp.type == 8 && ip.dst == 192.168.2.2');
  await expect(links[1]).not.toHaveSeen('icmp');
});
