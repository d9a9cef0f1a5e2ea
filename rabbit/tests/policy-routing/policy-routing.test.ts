// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, getMany, serveHttp, test } from 'carrot';

const service = '198.51.100.1'; // both providers lead to it
const office = '192.168.1.2';
const guest = '192.168.1.3';
const table = 100; // the routing table that leads to the second provider

test.override('topology', { links: 3 });

test.beforeEach(async ({ rabbit, nodes: [lan, first, second] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24', '192.168.3.1/24');
  await rabbit.forwardIpv4();
  await rabbit.run('ip route add default via 192.168.2.2', `ip route add default via 192.168.3.2 table ${table}`);
  await lan.configure({ address: [`${office}/24`, `${guest}/24`], gateway: '192.168.1.1' });
  await first.configure({ address: ['192.168.2.2/24', `${service}/32`], gateway: '192.168.2.1' });
  await second.configure({ address: ['192.168.3.2/24', `${service}/32`], gateway: '192.168.3.1' });
});

test('routes by the address of the sender', async ({ rabbit, links: [, first, second], nodes: [lan] }) => {
  await rabbit.run(`ip rule add from ${guest} lookup ${table}`);

  await lan.run(`ping -c 1 -I ${office} ${service}`);
  await lan.run(`ping -c 1 -I ${guest} ${service}`);

  await expect(first).toHaveSeen(`icmp.type == 8 && ip.src == ${office} && ip.dst == ${service}`);
  await expect(first).not.toHaveSeen(`ip.addr == ${guest}`);
  await expect(second).toHaveSeen(`icmp.type == 8 && ip.src == ${guest} && ip.dst == ${service}`);
  await expect(second).not.toHaveSeen(`ip.addr == ${office}`);
});

test('routes by the destination port', async ({ rabbit, apps, links: [, first, second], nodes: [lan, , web] }) => {
  await rabbit.run(`ip rule add ipproto tcp dport 80 lookup ${table}`);
  await serveHttp(apps, web, 'by the second');

  await expect(lan).toReach(service);
  expect(await getMany(apps, lan, `http://${service}/`, 1)).toEqual(['by the second']);

  await expect(first).toHaveSeen(`icmp.type == 8 && ip.dst == ${service}`);
  await expect(first).not.toHaveSeen('tcp');
  await expect(second).toHaveSeen(`tcp.dstport == 80 && ip.dst == ${service}`);
  await expect(second).not.toHaveSeen('icmp');
});
