// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test, type Rabbit } from 'carrot';

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance' },
  nodes: { client: {}, server: {} },
  links: [
    ['client', 'left:0'],
    { ends: ['left:1', 'right:1'], name: 'first' },
    { ends: ['left:2', 'right:2'], name: 'second' },
    ['right:0', 'server'],
  ],
});

test('bundles two cables by LACP, and forwards over the other when one is pulled', async ({
  rabbits: [left, right],
  links: [, first, second],
  nodes: [client, server],
}) => {
  await left.setAddresses('192.168.1.1/24');
  await right.setAddresses('192.168.2.1/24');
  await left.forwardIpv4();
  await right.forwardIpv4();
  await bundle(left, '10.0.0.1/30', '192.168.2.0/24 via 10.0.0.2');
  await bundle(right, '10.0.0.2/30', '192.168.1.0/24 via 10.0.0.1');
  await client.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await server.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  // on both cables, both Rabbits announce that they send and receive frames
  const agreed =
    'lacp.actor.state.collecting == 1 && lacp.actor.state.distributing == 1 && lacp.partner.state.synchronization == 1';
  for (const cable of [first, second]) {
    await expect(cable).toHaveSeen(`${agreed} && eth.src == ${cable.mac}`);
    await expect(cable).toHaveSeen(`${agreed} && eth.src != ${cable.mac}`);
  }
  await expect(client).toReach('192.168.2.2');

  const echo = 'icmp.type == 8';
  const used = (await first.capture.count(echo)) > 0 ? first : second;
  const other = used === first ? second : first;
  await expect(other).not.toHaveSeen(echo);

  await used.setUp(false);
  await expect(client).toReach('192.168.2.2');
  await expect(other).toHaveSeen(echo);
});

/** Bundles the NICs of both cables, and gives the bundle an address and a route. */
async function bundle(rabbit: Rabbit, address: string, route: string): Promise<void> {
  await rabbit.run(
    'ip link add bundle type bond mode 802.3ad lacp_rate fast miimon 100',
    // a virtual NIC has no speed of its own; LACP bundles only NICs of the same speed
    'for nic in eth1 eth2; do ethtool -s $nic speed 1000 duplex full; ip link set $nic master bundle; done',
    `ip address add ${address} dev bundle`,
    'ip link set bundle up',
    `ip route add ${route}`,
  );
}
