import { expect, test } from 'alpy/test';

const inside = { router: '192.168.1.1', client: '192.168.1.2' };
const outside = { router: '203.0.113.1', server: '203.0.113.2' };

test('hides the addresses inside behind its own', async ({ dut, links: [lan, wan], nodes: [client, server] }) => {
  await dut.shell.run(`set -e
    ip address add ${inside.router}/24 dev eth0 && ip link set eth0 up
    ip address add ${outside.router}/24 dev eth1 && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1
    nft add table ip nat
    nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'
    nft add rule ip nat postrouting oifname eth1 masquerade`);
  await client.configure({ address: `${inside.client}/24`, gateway: inside.router });
  await server.configure({ address: `${outside.server}/24` }); // it has no route to the inside

  await expect(client).toReach(outside.server);

  await expect(wan).toHaveSeen(`icmp.type == 8 && ip.src == ${outside.router} && ip.dst == ${outside.server}`);
  await expect(wan).not.toHaveSeen(`ip.addr == ${inside.client}`);
  await expect(lan).toHaveSeen(`icmp.type == 0 && ip.src == ${outside.server} && ip.dst == ${inside.client}`);
});
