// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

// three autonomous systems in a row: left and peer learn each other's networks from right
const as = { left: 65001, right: 65002, peer: 65003 };
const message = { open: 1, update: 2, notification: 3 };
/** How long the sessions may take to come up, one after the other. */
const convergence = { timeoutMs: 60_000 };

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance', peer: 'appliance' },
  nodes: { client: {}, server: {} },
  links: [
    ['client', 'left:0'],
    { ends: ['left:1', 'right:0'], name: 'near' },
    { ends: ['right:1', 'peer:0'], name: 'far' },
    ['peer:1', 'server'],
  ],
});

test.beforeEach(async ({ rabbits: [left, right, peer], nodes: [client, server] }) => {
  await left.setAddresses('192.168.1.1/24', '10.0.1.1/30');
  await right.setAddresses('10.0.1.2/30', '10.0.2.1/30');
  await peer.setAddresses('10.0.2.2/30', '192.168.2.1/24');
  for (const rabbit of [left, right, peer]) await rabbit.forwardIpv4();
  await client.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await server.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
  // the left side opens each session; if both did, BGP would end one of their connections with a notification
  await peer.startRouting('10.0.2.2', neighbour(as.peer, '10.0.2.1', as.right, { passive: true }));
  await right.startRouting(
    '10.0.1.2',
    neighbour(as.right, '10.0.1.1', as.left, { passive: true }) + neighbour(as.right, '10.0.2.2', as.peer),
  );
  await left.startRouting('10.0.1.1', neighbour(as.left, '10.0.1.2', as.right));
});

test('passes a network on to the next neighbour, with its own number in the path', async ({
  links: [, near, far],
  nodes: [client],
}) => {
  await expect(client).toReach('192.168.2.2', convergence);

  await expect(near).toHaveSeen(`bgp.type == ${message.open} && bgp.open.myas == ${as.right} && ip.src == 10.0.1.2`);
  await expect(far).toHaveSeen(`${announces('192.168.2.0')} && ip.src == 10.0.2.2 && ${path(as.peer)}`);
  await expect(near).toHaveSeen(`${announces('192.168.2.0')} && ip.src == 10.0.1.2 && ${path(as.right)} && ${path(as.peer)}`);
  await expect(near).not.toHaveSeen(`${announces('192.168.2.0')} && ip.src == 10.0.1.1`);
});

test('withdraws a network that its neighbour has withdrawn', async ({
  rabbits: [, , peer],
  links: [, near, far],
  nodes: [client],
}) => {
  await expect(client).toReach('192.168.2.2', convergence);

  await peer.run('ip link set eth1 down'); // the network of the server

  const withdrawn = `bgp.type == ${message.update} && bgp.withdrawn_prefix == 192.168.2.0`;
  await expect(far).toHaveSeen(`${withdrawn} && ip.src == 10.0.2.2`);
  await expect(near).toHaveSeen(`${withdrawn} && ip.src == 10.0.1.2`);
  await expect(client).not.toReach('192.168.2.2', { timeoutMs: 1000 });
  await expect(near).not.toHaveSeen(`bgp.type == ${message.notification}`); // the session goes on
});

/** BIRD's configuration of a session. A passive side waits until the other opens it. */
function neighbour(own: number, address: string, other: number, { passive = false } = {}): string {
  return `
    protocol bgp {
      local as ${own};
      neighbor ${address} as ${other};
      passive ${passive ? 'on' : 'off'};
      connect delay time 1;
      connect retry time 1;
      ipv4 { import all; export all; };
    }`;
}

/** A filter for the announcement of a network. */
function announces(network: string): string {
  return `bgp.type == ${message.update} && bgp.nlri_prefix == ${network}`;
}

/** A filter for messages whose path contains the number of an autonomous system. */
function path(number: number): string {
  return `bgp.update.path_attribute.as_path_segment.as4 == ${number}`;
}
