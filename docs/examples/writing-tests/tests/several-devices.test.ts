import { expect, test } from 'alpy/test';

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance' }, // two devices made from the appliance of alpy.yaml
  nodes: {
    client: { address: '10.0.1.2/24', gateway: '10.0.1.1' },
    server: { address: '10.0.2.2/24', gateway: '10.0.2.1' },
  },
  links: [
    ['client', 'left:0'], // a node and the first NIC of a device
    { ends: ['left:1', 'right:1'], name: 'cable' },
    ['right:0', 'server'],
  ],
});

test('two routers forward over their cable', async ({ duts: [left, right], links: [, cable], nodes: [client] }) => {
  await left.shell.run(`set -e
    ip address add 10.0.1.1/24 dev eth0 && ip link set eth0 up
    ip address add 10.0.9.1/30 dev eth1 && ip link set eth1 up
    ip route add 10.0.2.0/24 via 10.0.9.2
    sysctl -w net.ipv4.ip_forward=1`);
  await right.shell.run(`set -e
    ip address add 10.0.2.1/24 dev eth0 && ip link set eth0 up
    ip address add 10.0.9.2/30 dev eth1 && ip link set eth1 up
    ip route add 10.0.1.0/24 via 10.0.9.1
    sysctl -w net.ipv4.ip_forward=1`);

  await expect(client).toReach('10.0.2.2');
  // the first router has decremented the TTL
  await expect(cable).toHaveSeen('icmp.type == 8 && ip.dst == 10.0.2.2 && ip.ttl == 63');
});
