import { expect, test } from 'alpy/test';

test('answers pings', async ({ dut, nodes: [node] }) => {
  await dut.shell.run('ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up');
  await node.configure({ address: '192.168.1.2/24' });
  await expect(node).toReach('192.168.1.1');
  await expect(dut.links[0]).toHaveSeen('icmp.type == 0 && ip.dst == 192.168.1.2');
});
