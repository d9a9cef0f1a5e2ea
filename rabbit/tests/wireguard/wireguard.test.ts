// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test, type Rabbit } from 'carrot';

const port = 51820;
const office = { network: '192.168.1.0/24', router: '192.168.1.1', host: '192.168.1.2', outside: '203.0.113.1' };
const branch = { network: '192.168.2.0/24', router: '192.168.2.1', host: '192.168.2.2', outside: '203.0.113.2' };
const message = { initiation: 1, response: 2, data: 4 };

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance' },
  nodes: { client: {}, server: {} },
  links: [['client', 'left:0'], { ends: ['left:1', 'right:1'], name: 'internet' }, ['right:0', 'server']],
});

test.beforeEach(async ({ rabbits: [left, right], nodes: [client, server] }) => {
  await left.setAddresses(`${office.router}/24`, `${office.outside}/24`);
  await right.setAddresses(`${branch.router}/24`, `${branch.outside}/24`);
  await left.forwardIpv4();
  await right.forwardIpv4();
  await client.configure({ address: `${office.host}/24`, gateway: office.router });
  await server.configure({ address: `${branch.host}/24`, gateway: branch.router });
});

test('joins two networks by an encrypted tunnel', async ({
  rabbits: [left, right],
  links: [, internet, far],
  nodes: [client],
}) => {
  const [leftKey, rightKey] = [await createKey(left), await createKey(right)];
  await openTunnel(left, rightKey, branch);
  await openTunnel(right, leftKey, office);

  await expect(client).toReach(branch.host);

  await expect(internet).toHaveSeen(`wg.type == ${message.initiation} && ip.src == ${office.outside} && udp.dstport == ${port}`);
  await expect(internet).toHaveSeen(`wg.type == ${message.response} && ip.src == ${branch.outside}`);
  await expect(internet).toHaveSeen(`wg.type == ${message.data} && ip.src == ${office.outside}`);
  await expect(internet).not.toHaveSeen('icmp');
  await expect(internet).not.toHaveSeen(`ip.addr == ${office.network} || ip.addr == ${branch.network}`);
  // each router decrements the TTL once
  await expect(far).toHaveSeen(`icmp.type == 8 && ip.src == ${office.host} && ip.ttl == 62`);
});

test('does not answer a peer with an unknown key', async ({ rabbits: [left, right], links: [, internet], nodes: [client] }) => {
  const [rightKey, unknownKey] = [await createKey(right), await createKey(left)];
  await createKey(left); // replaces the key that right accepts
  await openTunnel(left, rightKey, branch);
  await openTunnel(right, unknownKey, office);

  await expect(client).not.toReach(branch.host, { timeoutMs: 2000 });

  await expect(internet).toHaveSeen(`wg.type == ${message.initiation} && ip.src == ${office.outside}`);
  await expect(internet).not.toHaveSeen(`wg.type == ${message.response} || wg.type == ${message.data}`);
});

/** Creates a Rabbit's key pair, and returns the public key. */
function createKey(rabbit: Rabbit): Promise<string> {
  return rabbit.run('umask 077', 'wg genkey >/etc/wireguard.key', 'wg pubkey </etc/wireguard.key');
}

/** Opens a tunnel to the network of a peer. @param key - the peer's public key */
async function openTunnel(
  rabbit: Rabbit,
  key: string,
  peer: { readonly network: string; readonly outside: string },
): Promise<void> {
  await rabbit.run(
    'ip link add tunnel type wireguard',
    `wg set tunnel private-key /etc/wireguard.key listen-port ${port} peer ${key} endpoint ${peer.outside}:${port} allowed-ips ${peer.network}`,
    'ip link set tunnel up',
    `ip route add ${peer.network} dev tunnel`,
  );
}
