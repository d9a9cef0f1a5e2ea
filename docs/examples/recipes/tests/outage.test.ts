import { expect, probe, test } from 'alpy/test';

test('forwards again soon after a cable was out', async ({ dut, nodes: [left, right], links: [, link] }) => {
  await dut.shell.run(`set -e
    ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
    ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1`);
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  await using flow = await probe(left, right, { perSecond: 1000 });
  await link.setUp(false);
  await dut.shell.run('until grep -q 0 /sys/class/net/eth1/carrier; do :; done'); // the device has noticed
  await link.setUp(true);
  await expect(flow).toRecoverWithin(`${dut.timeFactor}s`);

  const { lost, duplicates, reordered } = await flow.report();
  expect(lost).toBeGreaterThan(0);
  expect({ duplicates, reordered }).toEqual({ duplicates: 0, reordered: 0 });
});
