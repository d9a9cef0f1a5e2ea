import { expect, test } from 'alpy/test';

const promised = { megabits: 5, lossPercent: 1 }; // what the data sheet says
const seconds = 3;
const port = 5201; // iperf3's own
const datagrams = `udp.dstport == ${port} && ip.src == 192.168.1.2`;

test.override('needs', { exclusive: true }); // other testbeds would slow it down

test('forwards at the promised rate', async ({ dut, apps, step, links, nodes: [left, right] }) => {
  await dut.shell.run(`set -e
    ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
    ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1`);
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
  await expect(left).toReach('192.168.2.2'); // so that no datagram has to wait for ARP

  const server = await apps.start({ node: right, command: ['iperf3', '--server', '--one-off', '--forceflush'] });
  await server.waitForOutput(/Server listening/);
  const rate = `${promised.megabits}M`;
  await step(`Send UDP at ${rate}bit/s`, () =>
    apps.run({ node: left, command: ['iperf3', '--client', '192.168.2.2', '--udp', '--bitrate', rate, '--time', `${seconds}`] }),
  );
  await server.wait();

  const [sent, arrived] = await Promise.all([links[0].capture.frames(datagrams), links[1].capture.frames(datagrams)]);
  const bits = arrived.reduce((sum, { lengthBytes }) => sum + lengthBytes * 8, 0);
  expect(bits / 1e6 / seconds).toBeGreaterThan(promised.megabits * (1 - promised.lossPercent / 100));
  expect(100 * (1 - arrived.length / sent.length)).toBeLessThan(promised.lossPercent);
});
