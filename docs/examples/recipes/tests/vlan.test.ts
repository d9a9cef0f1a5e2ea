import { expect, test } from 'alpy/test';

test.override('topology', { links: 4 });

test('keeps two VLANs apart and tags them on the trunk', async ({ dut, links, nodes: [alice, bob, carol] }) => {
  const trunk = links[3];
  // eth0 and eth1 are ports of VLAN 10, eth2 is one of VLAN 20, eth3 is a trunk
  await dut.shell.run(`set -e
    ip link add lan type bridge vlan_filtering 1 vlan_default_pvid 0
    for nic in eth0 eth1 eth2 eth3; do ip link set $nic master lan up; done
    bridge vlan add dev eth0 vid 10 pvid untagged
    bridge vlan add dev eth1 vid 10 pvid untagged
    bridge vlan add dev eth2 vid 20 pvid untagged
    bridge vlan add dev eth3 vid 10
    bridge vlan add dev eth3 vid 20
    ip link set lan up
    for nic in eth0 eth1 eth2 eth3; do # a port forwards only a moment after it is up; 3 stands for that
      until [ "$(cat /sys/class/net/$nic/brport/state)" = 3 ]; do sleep 0.1; done
    done`);
  await alice.configure({ address: '192.168.1.2/24' });
  await bob.configure({ address: '192.168.1.3/24' });
  await carol.configure({ address: '192.168.1.4/24' });

  await expect(alice).toReach('192.168.1.3');
  expect(await carol.ping('192.168.1.3', { count: 1 })).toMatchObject({ received: 0 });

  // what is flooded leaves by the trunk, too, with its tag
  await expect(trunk).toHaveSeen('vlan.id == 10 && arp.src.proto_ipv4 == 192.168.1.2');
  await expect(trunk).toHaveSeen('vlan.id == 20 && arp.src.proto_ipv4 == 192.168.1.4');
  await expect(links[1]).not.toHaveSeen('vlan');
  await expect(links[1]).not.toHaveSeen('arp.src.proto_ipv4 == 192.168.1.4');
});
