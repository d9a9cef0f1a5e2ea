import { expect, test } from 'alpy/test';

test('forwards IPv4', async ({ dut, links, nodes: [left, right] }) => {
  // eth0 and eth1: as the appliance calls the NICs of link0 and link1
  await dut.shell.run(`set -e
    ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
    ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1`);
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  await expect(left).toReach('192.168.2.2');
  // a router decrements the TTL
  await expect(links[1]).toHaveSeen('icmp.type == 8 && ip.src == 192.168.1.2 && ip.ttl == 63');
});
