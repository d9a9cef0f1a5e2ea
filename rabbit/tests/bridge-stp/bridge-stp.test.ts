// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

/** How long a port listens, and then how long it learns, in seconds: the shortest time that the protocol allows. */
const forwardDelay = 2;
/** How often the root announces itself, in seconds. */
const helloTime = 1;

test.beforeEach(async ({ rabbit, nodes: [left, right] }) => {
  await rabbit.run('ip link add lan type bridge', 'ip link set eth0 master lan up', 'ip link set eth1 master lan up');
  await left.configure({ address: '192.168.1.2/24' });
  await right.configure({ address: '192.168.1.3/24' });
});

test('announces itself as the root before it forwards', async ({ rabbit, links, nodes: [left] }) => {
  const hundredths = `forward_delay ${100 * forwardDelay} hello_time ${100 * helloTime}`;
  await rabbit.run(`ip link set lan type bridge stp_state 1 ${hundredths}`, 'ip link set lan up');
  await expect(left).toReach('192.168.1.3');

  const asRoot = 'stp && eth.dst == 01:80:c2:00:00:00 && stp.root.cost == 0';
  for (const link of links) await expect(link).toHaveSeen(`${asRoot} && eth.src == ${link.mac}`);
  const announced = await links[1].capture.waitFor(asRoot);
  const forwarded = await links[1].capture.waitFor('arp.src.proto_ipv4 == 192.168.1.2');
  // it announces itself within the first hello time of listening, and must then listen and learn before it forwards
  const waited = (forwarded.timeMs - announced.timeMs) / 1000;
  expect(waited, 'seconds from its first announcement to the first frame that it forwarded').toBeGreaterThan(forwardDelay);
});

test('sends no frames of the protocol while it is off', async ({ rabbit, links, nodes: [left] }) => {
  await rabbit.run('ip link set lan up');
  await expect(left).toReach('192.168.1.3');

  for (const link of links) await expect(link).not.toHaveSeen('stp');
});
