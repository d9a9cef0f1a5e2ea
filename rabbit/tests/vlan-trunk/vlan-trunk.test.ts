// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test, type Rabbit } from 'carrot';

const vlan = { office: 10, guests: 20 };
const address = { alice: '192.168.1.2', bob: '192.168.1.3', carol: '192.168.1.4', dave: '192.168.1.5' };

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance' },
  nodes: { alice: {}, bob: {}, carol: {}, dave: {} },
  links: [
    { ends: ['left:2', 'right:2'], name: 'trunk' },
    ['alice', 'left:0'],
    ['carol', 'left:1'],
    ['bob', 'right:0'],
    ['dave', 'right:1'],
  ],
});

test('carries two networks over one cable, and keeps them apart', async ({
  rabbits: [left, right],
  links,
  nodes: [alice, bob, carol, dave],
}) => {
  await switchVlans(left);
  await switchVlans(right);
  await alice.configure({ address: `${address.alice}/24` });
  await bob.configure({ address: `${address.bob}/24` });
  await carol.configure({ address: `${address.carol}/24` });
  await dave.configure({ address: `${address.dave}/24` });

  await expect(alice).toReach(address.bob);
  await expect(carol).toReach(address.dave);
  await expect(alice).not.toReach(address.dave, { timeoutMs: 1000 });

  const [trunk, , , , atDave] = links;
  await expect(trunk).toHaveSeen(`vlan.id == ${vlan.office} && icmp && ip.src == ${address.alice} && ip.dst == ${address.bob}`);
  await expect(trunk).toHaveSeen(`vlan.id == ${vlan.guests} && icmp && ip.src == ${address.carol} && ip.dst == ${address.dave}`);
  await expect(trunk).not.toHaveSeen('arp && !vlan');
  // alice's ARP request for dave stays in the office
  await expect(trunk).toHaveSeen(`vlan.id == ${vlan.office} && arp.dst.proto_ipv4 == ${address.dave}`);
  await expect(atDave).not.toHaveSeen(`arp.src.proto_ipv4 == ${address.alice}`);
  for (const port of links.slice(1)) await expect(port).not.toHaveSeen('vlan');
});

/** Turns a Rabbit into a switch: eth0 is a port of the office, eth1 one of the guests; eth2 carries both, tagged. */
async function switchVlans(rabbit: Rabbit): Promise<void> {
  await rabbit.run(
    'ip link add lan type bridge vlan_filtering 1 vlan_default_pvid 0',
    'for nic in eth0 eth1 eth2; do ip link set $nic master lan up; done',
    `bridge vlan add dev eth0 vid ${vlan.office} pvid untagged`,
    `bridge vlan add dev eth1 vid ${vlan.guests} pvid untagged`,
    `bridge vlan add dev eth2 vid ${vlan.office}`,
    `bridge vlan add dev eth2 vid ${vlan.guests}`,
    'ip link set lan up',
  );
}
