// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, measureTcp, test } from 'carrot';

const limit = 1_000_000; // bit/s
const [least, most] = [0.9 * limit, 1.1 * limit];
const durationSeconds = 10;

// other testbeds would slow the measurement down
test.override('needs', { exclusive: true });

test('limits the rate of a link to 1 Mbit/s', async ({ rabbit, links, apps, step, nodes: [left, right] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await rabbit.forwardIpv4();
  await rabbit.limitRate(1, '1mbit');
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  const { bitsPerSecond } = await step('Send TCP at full speed', () =>
    measureTcp(apps, left, { node: right, address: '192.168.2.2' }, durationSeconds),
  );
  expect(bitsPerSecond, 'bit/s that iperf3 measured').toBeGreaterThan(least);
  expect(bitsPerSecond, 'bit/s that iperf3 measured').toBeLessThan(most);

  // the same on the wire, where headers count too
  const frames = await links[1].capture.frames('tcp.len > 1000 && ip.src == 192.168.1.2');
  const [first, last] = [frames[0], frames.at(-1)];
  const bits = frames.slice(1).reduce((sum, { lengthBytes }) => sum + lengthBytes * 8, 0);
  const seconds = ((last?.timeMs ?? 0) - (first?.timeMs ?? 0)) / 1000;
  expect(bits / seconds, 'bit/s on the wire').toBeGreaterThan(least);
  expect(bits / seconds, 'bit/s on the wire').toBeLessThan(most);
});
