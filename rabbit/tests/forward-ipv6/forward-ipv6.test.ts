// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

test('forwards IPv6 between two links', async ({ rabbit, links, nodes: [left, right] }) => {
  await rabbit.setAddresses('2001:db8:1::1/64', '2001:db8:2::1/64');
  await rabbit.forwardIpv6();
  await left.configure({ address: '2001:db8:1::2/64', gateway: '2001:db8:1::1' });
  await right.configure({ address: '2001:db8:2::2/64', gateway: '2001:db8:2::1' });

  await expect(left).toReach('2001:db8:2::2');

  // a router decrements the hop limit and replaces the sender's hardware address with its own
  const echo = 'icmpv6.type == 128 && ipv6.src == 2001:db8:1::2 && ipv6.dst == 2001:db8:2::2';
  await expect(links[0]).toHaveSeen(`${echo} && ipv6.hlim == 64 && eth.dst == ${links[0].mac}`);
  await expect(links[1]).toHaveSeen(`${echo} && ipv6.hlim == 63 && eth.src == ${links[1].mac}`);
  await expect(links[1]).toHaveSeen('icmpv6.type == 129 && ipv6.src == 2001:db8:2::2');
  // it asks for a neighbour on that neighbour's link only
  await expect(links[1]).toHaveSeen(`icmpv6.nd.ns.target_address == 2001:db8:2::2 && eth.src == ${links[1].mac}`);
  await expect(links[0]).not.toHaveSeen('icmpv6.nd.ns.target_address == 2001:db8:2::2');
});

test('reports a packet whose hop limit is used up', async ({ rabbit, links, nodes: [left, right] }) => {
  await rabbit.setAddresses('2001:db8:1::1/64', '2001:db8:2::1/64');
  await rabbit.forwardIpv6();
  await left.configure({ address: '2001:db8:1::2/64', gateway: '2001:db8:1::1' });
  await right.configure({ address: '2001:db8:2::2/64', gateway: '2001:db8:2::1' });

  await left.run('ping -c 1 -t 1 2001:db8:2::2', { check: false });

  const timeExceeded = 'icmpv6.type == 3 && icmpv6.code == 0';
  await expect(links[0]).toHaveSeen(`${timeExceeded} && ipv6.src == 2001:db8:1::1 && ipv6.dst == 2001:db8:1::2`);
  await expect(links[1]).not.toHaveSeen('icmpv6.type == 128');
});

test('forwards no IPv6 by default', async ({ rabbit, links, nodes: [left, right] }) => {
  await rabbit.setAddresses('2001:db8:1::1/64', '2001:db8:2::1/64');
  await left.configure({ address: '2001:db8:1::2/64', gateway: '2001:db8:1::1' });
  await right.configure({ address: '2001:db8:2::2/64', gateway: '2001:db8:2::1' });

  await expect(left).not.toReach('2001:db8:2::2', { timeoutMs: 2000 });
  await expect(links[0]).toHaveSeen('icmpv6.type == 128 && ipv6.dst == 2001:db8:2::2');
  await expect(links[1]).not.toHaveSeen('icmpv6.type == 128');
});
