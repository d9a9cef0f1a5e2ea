// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, getMany, serveHttp, test } from 'carrot';

const inside = { router: '192.168.1.1', host: '192.168.1.2' };
const outside = { router: '203.0.113.1', host: '203.0.113.2' };

test.beforeEach(async ({ rabbit, nodes: [host, internet] }) => {
  await rabbit.setAddresses(`${inside.router}/24`, `${outside.router}/24`);
  await rabbit.forwardIpv4();
  await host.configure({ address: `${inside.host}/24`, gateway: inside.router });
  await internet.configure({ address: `${outside.host}/24` }); // it has no route to the inside
});

test('hides the hosts inside behind its own address', async ({ rabbit, links: [lan, wan], nodes: [host] }) => {
  await rabbit.filter(`
    table ip nat {
      chain outgoing { type nat hook postrouting priority srcnat; oifname eth1 masquerade; }
    }`);

  await expect(host).toReach(outside.host);

  await expect(lan).toHaveSeen(`icmp.type == 8 && ip.src == ${inside.host} && ip.dst == ${outside.host}`);
  await expect(wan).toHaveSeen(`icmp.type == 8 && ip.src == ${outside.router} && ip.dst == ${outside.host}`);
  await expect(lan).toHaveSeen(`icmp.type == 0 && ip.src == ${outside.host} && ip.dst == ${inside.host}`);
  await expect(wan).not.toHaveSeen(`ip.addr == ${inside.host}`);
});

test('forwards a port to a server inside', async ({ rabbit, apps, links: [lan, wan], nodes: [host, internet] }) => {
  await serveHttp(apps, host, 'the server inside');
  await rabbit.filter(`
    table ip nat {
      chain incoming { type nat hook prerouting priority dstnat; iifname eth1 tcp dport 8080 dnat to ${inside.host}:80; }
    }`);

  expect(await getMany(apps, internet, `http://${outside.router}:8080/`, 1)).toEqual(['the server inside']);

  await expect(wan).toHaveSeen(`tcp.flags.syn == 1 && ip.dst == ${outside.router} && tcp.dstport == 8080`);
  await expect(lan).toHaveSeen(
    `tcp.flags.syn == 1 && ip.dst == ${inside.host} && tcp.dstport == 80 && ip.src == ${outside.host}`,
  );
  await expect(wan).toHaveSeen(`http.response.code == 200 && ip.src == ${outside.router} && tcp.srcport == 8080`);
  await expect(wan).not.toHaveSeen(`ip.addr == ${inside.host}`);
});
