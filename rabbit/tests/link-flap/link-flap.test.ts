// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

const service = '198.51.100.1'; // both paths lead to it
const echo = `icmp.type == 8 && ip.dst == ${service}`;

test.override('topology', { links: 3 });

test.beforeEach(async ({ rabbit, nodes: [client, one, two] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24', '192.168.3.1/24');
  await rabbit.forwardIpv4();
  await rabbit.run(
    'sysctl -q -w net.ipv4.conf.all.ignore_routes_with_linkdown=1',
    `ip route add ${service} via 192.168.2.2 metric 1`,
    `ip route add ${service} via 192.168.3.2 metric 2`,
  );
  await client.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await one.configure({ address: ['192.168.2.2/24', `${service}/32`], gateway: '192.168.2.1' });
  await two.configure({ address: ['192.168.3.2/24', `${service}/32`], gateway: '192.168.3.1' });
});

test('leaves a path that loses its carrier, and returns to it', async ({ rabbit, links: [, first, second], nodes: [client] }) => {
  await expect(client).toReach(service);
  await expect(first).toHaveSeen(echo);
  await expect(second).not.toHaveSeen(echo);

  await first.setUp(false);
  await rabbit.waitForCarrier(1, false);
  const before = await first.capture.count(echo);
  await expect(client).toReach(service);
  await expect(second).toHaveSeen(echo);
  expect(await first.capture.count(echo), 'echo requests on the path without a carrier').toBe(before);

  await first.setUp(true);
  await rabbit.waitForCarrier(1, true);
  await expect(client).toReach(service);
  expect(await first.capture.count(echo), 'echo requests on the path that is back').toBeGreaterThan(before);
});

test('uses the first path again after its link has flapped', async ({ rabbit, links: [, first, second], nodes: [client] }) => {
  await first.flap({ times: 5, downMs: 100, upMs: 100 });
  await rabbit.waitForCarrier(1, true);

  await expect(client).toReach(service);

  await expect(first).toHaveSeen(echo);
  await expect(second).not.toHaveSeen(echo);
});
