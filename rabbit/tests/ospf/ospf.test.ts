// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

/** OSPF between the Rabbits. The networks of the nodes are only announced. */
const ospf = `
  protocol ospf v2 {
    ipv4 { import all; };
    area 0 {
      interface 192.168.0.0/16 { stub; };
      interface 10.0.0.0/16 { type ptp; hello 1; dead 4; };
    };
  }`;
const packet = { hello: 1, update: 4 };
/** How long the routers may take to find each other and compute their routes. */
const convergence = { timeoutMs: 60_000 };

// a triangle: the shortest path is the cable between left and right; the detour leads through peer
test.override('topology', {
  duts: { left: 'appliance', right: 'appliance', peer: 'appliance' },
  nodes: { client: {}, server: {} },
  links: [
    ['client', 'left:0'],
    { ends: ['left:1', 'right:1'], name: 'direct' },
    { ends: ['left:2', 'peer:0'], name: 'detour' },
    ['peer:1', 'right:2'],
    ['right:0', 'server'],
  ],
});

test('takes the shortest path, and the detour when that fails', async ({
  rabbits: [left, right, peer],
  links: [home, direct, detour],
  nodes: [client, server],
}) => {
  await direct.setUp(false); // so the detour is found first: a router that prefers it would keep it
  await left.setAddresses('192.168.1.1/24', '10.0.1.1/30', '10.0.2.1/30');
  await right.setAddresses('192.168.2.1/24', '10.0.1.2/30', '10.0.3.2/30');
  await peer.setAddresses('10.0.2.2/30', '10.0.3.1/30');
  for (const rabbit of [left, right, peer]) await rabbit.forwardIpv4();
  await client.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await server.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
  await left.startRouting('10.0.1.1', ospf);
  await right.startRouting('10.0.1.2', ospf);
  await peer.startRouting('10.0.2.2', ospf);

  const echo = 'icmp.type == 8 && ip.dst == 192.168.2.2';
  await expect(client).toReach('192.168.2.2', convergence);
  await expect(detour).toHaveSeen(`ospf.msg == ${packet.update} && ospf.lsa.router.linkid == 192.168.2.0`);
  await expect(detour).toHaveSeen(echo);

  await direct.setUp(true);

  const route = (): Promise<string> => left.run('ip route show 192.168.2.0/24');
  await expect.poll(route, { timeout: convergence.timeoutMs }).toContain('via 10.0.1.2');
  const before = await detour.capture.count(echo);
  await expect(client).toReach('192.168.2.2', convergence);
  await expect(direct).toHaveSeen(`ospf.msg == ${packet.hello} && ip.dst == 224.0.0.5 && ip.ttl == 1`);
  await expect(direct).toHaveSeen(echo);
  expect(await detour.capture.count(echo), 'echo requests on the detour').toBe(before);
  await expect(home).not.toHaveSeen('ospf');

  await direct.setUp(false);

  await expect(client).toReach('192.168.2.2', convergence);
  expect(await detour.capture.count(echo), 'echo requests on the detour').toBeGreaterThan(before);
});
