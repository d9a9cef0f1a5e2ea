// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

/** What fits into a frame of the second link, in bytes. It is the least that IPv6 allows; the first link takes 1500. */
const mtu = 1280;
/** What a ping carries, in bytes: with its headers, too much for the second link. */
const tooMuch = 1400;

test.beforeEach(async ({ rabbit, nodes: [left, right] }) => {
  await rabbit.setAddresses(['192.168.1.1/24', '2001:db8:1::1/64'], ['192.168.2.1/24', '2001:db8:2::1/64']);
  await rabbit.forwardIpv4();
  await rabbit.forwardIpv6();
  await rabbit.run(`ip link set eth1 mtu ${mtu}`);
  await left.configure({ address: ['192.168.1.2/24', '2001:db8:1::2/64'], gateway: ['192.168.1.1', '2001:db8:1::1'] });
  await right.configure({ address: ['192.168.2.2/24', '2001:db8:2::2/64'], gateway: ['192.168.2.1', '2001:db8:2::1'] });
});

test('fragments an IPv4 packet that is too large for the next link', async ({ links: [wide, narrow], nodes: [left] }) => {
  await left.run(`ping -c 1 -M dont -s ${tooMuch} 192.168.2.2`);

  await expect(wide).toHaveSeen(`icmp.type == 8 && ip.len > ${tooMuch} && ip.flags.mf == 0`);
  await expect(narrow).toHaveSeen(`ip.src == 192.168.1.2 && ip.flags.mf == 1 && ip.frag_offset == 0 && ip.len <= ${mtu}`);
  await expect(narrow).toHaveSeen('ip.src == 192.168.1.2 && ip.flags.mf == 0 && ip.frag_offset > 0');
  await expect(narrow).not.toHaveSeen(`ip.src == 192.168.1.2 && ip.len > ${mtu}`);
});

test('reports an IPv4 packet that must not be fragmented', async ({ links: [wide, narrow], nodes: [left] }) => {
  await left.run(`ping -c 1 -M do -s ${tooMuch} 192.168.2.2`, { check: false });

  const fragmentationNeeded = 'icmp.type == 3 && icmp.code == 4';
  await expect(wide).toHaveSeen(
    `${fragmentationNeeded} && icmp.mtu == ${mtu} && ip.dst == 192.168.1.2 && eth.src == ${wide.mac}`,
  );
  await expect(narrow).not.toHaveSeen('ip.src == 192.168.1.2');
});

test('reports an IPv6 packet that is too large, and its sender fragments the next', async ({
  links: [wide, narrow],
  nodes: [left],
}) => {
  await left.run(`ping -c 1 -s ${tooMuch} 2001:db8:2::2`, { check: false });

  await expect(wide).toHaveSeen(
    `icmpv6.type == 2 && icmpv6.mtu == ${mtu} && ipv6.dst == 2001:db8:1::2 && eth.src == ${wide.mac}`,
  );
  await expect(narrow).not.toHaveSeen('ipv6.src == 2001:db8:1::2');

  await left.run(`ping -c 1 -s ${tooMuch} 2001:db8:2::2`);
  await expect(narrow).toHaveSeen('ipv6.src == 2001:db8:1::2 && ipv6.fraghdr.more == 1');
  await expect(narrow).toHaveSeen('icmpv6.type == 129 && ipv6.dst == 2001:db8:1::2');
});
