import { expect, probe, test } from 'alpy/test';

test.override('needs', { exclusive: true }); // other testbeds would slow the device down

test('forwards every datagram, and quickly', async ({ dut, nodes: [left, right] }) => {
  await dut.shell.run(`set -e
    ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
    ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1`);
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  await using there = await probe(left, right, { perSecond: 200 });
  await using back = await probe(right, left, { perSecond: 200 });
  await dut.shell.run('nice find / -xdev >/dev/null'); // the device is busy
  await expect(there).toBeWithoutLoss();
  await expect(back).toHaveLostAtMost('0.1%');
  const { latencyMs } = await there.report();
  expect(latencyMs.median).toBeLessThan(10 * dut.timeFactor);
});
