// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

const prefix = '2001:db8:1::';
const lifetime = 1800; // as a default router, in seconds
const advertisement = 'icmpv6.type == 134 && ipv6.dst == ff02::1 && ipv6.hlim == 255';

test.beforeEach(async ({ rabbit }) => {
  await rabbit.setAddresses(`${prefix}1/64`, '2001:db8:2::1/64');
  await rabbit.forwardIpv6();
  await rabbit.startRouting(
    '192.0.2.1',
    `protocol radv {
       interface "eth0" {
         default lifetime ${lifetime};
         rdnss ${prefix}53;
       };
     }`,
  );
});

test('advertises itself, its prefix and a DNS server', async ({ links: [lan, other] }) => {
  await expect(lan).toHaveSeen(`${advertisement} && icmpv6.nd.ra.router_lifetime == ${lifetime} && eth.src == ${lan.mac}`);
  await expect(lan).toHaveSeen(`${advertisement} && icmpv6.opt.prefix == ${prefix} && icmpv6.opt.prefix.length == 64`);
  await expect(lan).toHaveSeen(`${advertisement} && icmpv6.opt.rdnss == ${prefix}53`);
  await expect(other).not.toHaveSeen('icmpv6.type == 134');
});

test('withdraws itself as a router when it stops', async ({ rabbit, links: [lan] }) => {
  await expect(lan).toHaveSeen(`${advertisement} && icmpv6.nd.ra.router_lifetime == ${lifetime}`);
  await expect(lan).not.toHaveSeen(`${advertisement} && icmpv6.nd.ra.router_lifetime == 0`);

  await rabbit.run('birdc disable radv1');

  await expect(lan).toHaveSeen(`${advertisement} && icmpv6.nd.ra.router_lifetime == 0`);
});
