import type { Dut } from 'alpy';
import { expect, test } from 'alpy/test';

// the addresses of the pair: the active firewall has them
const pair = { lan: '192.168.1.254', wan: '10.0.2.50', dmz: '192.168.30.254' };

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance' }, // two devices from one image
  nodes: {
    alice: { address: '192.168.1.10/24', gateway: pair.lan },
    bob: { address: '192.168.1.11/24', gateway: pair.lan },
    internet: { uplink: true }, // its router is 10.0.2.2
    server: {
      kind: 'guest', // has a kernel of its own, because that of Docker's host may lack bonds and VLANs
      bond: { mode: 'active-backup', vlans: [{ id: 30, address: '192.168.30.10/24', gateway: pair.dmz }] },
    },
  },
  // The first NIC of each records the frames. That of right comes first, because left loses its power.
  links: [
    { ends: ['right:2', 'left:2'], name: 'sync' }, // a cable
    ['server', 'left:3'], // eth0 of the server, which uses this one first
    ['server', 'right:3'], // eth1 of the server
  ],
  segments: { lan: ['right:0', 'left:0', 'alice', 'bob'], wan: ['right:1', 'left:1', 'internet'] },
});

test('the other firewall takes over when the active one loses its power', async ({
  duts: [left, right],
  links: [sync, , , lan, wan],
  nodes: [alice, bob],
}) => {
  await setUp(left, 1, 200);
  await setUp(right, 2, 100);
  const wait = { timeoutMs: 10_000 * left.timeFactor };

  await expect(sync).toHaveSeen('vrrp.prio == 200', wait); // left is active
  await expect(alice).toReach('10.0.2.2', wait);
  await expect(wan).toHaveSeen(`icmp.type == 8 && ip.src == ${pair.wan} && eth.src != ${wan.mac}`); // from left
  await expect(bob).toReach('192.168.30.10', wait);

  await left.powerCut(); // the server loses the carrier of eth0, and uses eth1
  await expect(lan).toHaveSeen(`arp.isgratuitous && arp.src.proto_ipv4 == ${pair.lan} && eth.src == ${lan.mac}`, wait);
  await expect(alice).toReach('10.0.2.2', wait);
  await expect(wan).toHaveSeen(`icmp.type == 8 && ip.src == ${pair.wan} && eth.src == ${wan.mac}`); // from right
  await expect(bob).toReach('192.168.30.10', wait);
  await expect(lan).not.toHaveSeen('vrrp'); // the firewalls talk over their cable only
});

/** Configures a firewall. @param number - the last digit of its own addresses @param priority - the higher one is active */
async function setUp(firewall: Dut, number: number, priority: number): Promise<void> {
  const keepalived = `
    vrrp_instance pair {
      state BACKUP
      interface eth2
      dont_track_primary # if the other firewall has no power, the cable has no carrier
      virtual_router_id 51
      priority ${priority}
      advert_int 1
      virtual_ipaddress {
        ${pair.lan}/24 dev eth0
        ${pair.wan}/24 dev eth1
        ${pair.dmz}/24 dev eth3.30
      }
    }\n`;
  await firewall.shell.upload(Buffer.from(keepalived), '/tmp/keepalived.conf');
  await firewall.shell.run(`set -e
    ip link add link eth3 name eth3.30 type vlan id 30
    ip address add 192.168.1.${number}/24 dev eth0
    ip address add 10.0.2.5${number}/24 dev eth1
    ip address add 10.0.0.${number}/30 dev eth2
    ip address add 192.168.30.${number}/24 dev eth3.30
    for nic in eth0 eth1 eth2 eth3 eth3.30; do ip link set $nic up; done
    sysctl -w net.ipv4.ip_forward=1
    nft add table ip firewall
    nft add chain ip firewall forward '{ type filter hook forward priority filter; policy drop; }'
    nft add rule ip firewall forward ct state established accept
    nft add rule ip firewall forward iifname eth0 accept
    nft add chain ip firewall out '{ type nat hook postrouting priority srcnat; }'
    nft add rule ip firewall out oifname eth1 snat to ${pair.wan}
    keepalived -f /tmp/keepalived.conf`);
}
