// SPDX-License-Identifier: GPL-3.0-or-later
// The three reference tests, four times each. `original/drive.py` has the same for the Python original.
import { describe, expect, getMany, measureTcp, serveHttp, test } from 'carrot';

const limit = 1_000_000; // bit/s
/** Larger than in Rabbit's own test, because this one measures for only 3 s, in parallel with others. */
const tolerance = 0.3 * limit;

describe.each([1, 2, 3, 4])('round %i', () => {
  test('limits the rate of a link to 1 Mbit/s', async ({ rabbit, links, apps, nodes: [left, right] }) => {
    await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
    await rabbit.forwardIpv4();
    await rabbit.limitRate(1, '1mbit');
    await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
    await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
    const { bitsPerSecond } = await measureTcp(apps, left, { node: right, address: '192.168.2.2' }, 3);
    expect(Math.abs(bitsPerSecond - limit)).toBeLessThan(tolerance);
    const frames = await links[1].capture.frames('tcp.len > 1000 && ip.src == 192.168.1.2');
    const [first, last] = [frames[0], frames.at(-1)];
    const bits = frames.slice(1).reduce((sum, { lengthBytes }) => sum + lengthBytes * 8, 0);
    const seconds = ((last?.timeMs ?? 0) - (first?.timeMs ?? 0)) / 1000;
    expect(Math.abs(bits / seconds - limit)).toBeLessThan(tolerance);
  });

  test('forwards IPv4 between two links', async ({ rabbit, links, nodes: [left, right] }) => {
    await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
    await rabbit.forwardIpv4();
    await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
    await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
    const { sent, received } = await left.ping('192.168.2.2', { count: 5 });
    expect(received).toBe(sent);
    const echo = 'icmp.type == 8 && ip.src == 192.168.1.2 && ip.dst == 192.168.2.2';
    await expect(links[0]).toHaveSeen(`${echo} && ip.ttl == 64 && eth.dst == ${links[0].mac}`);
    await expect(links[1]).toHaveSeen(`${echo} && ip.ttl == 63 && eth.src == ${links[1].mac}`);
    await expect(links[1]).toHaveSeen('icmp.type == 0 && ip.src == 192.168.2.2');
    await expect(links[1]).not.toHaveSeen('arp.src.proto_ipv4 == 192.168.1.2');
  });

  describe('with three links', () => {
    test.override('topology', { links: 3 });

    test('spreads HTTP requests over two servers', async ({ rabbit, links, apps, nodes: [client, one, two] }) => {
      await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24', '192.168.3.1/24');
      await client.configure({ address: '192.168.1.2/24' });
      await one.configure({ address: '192.168.2.2/24' });
      await two.configure({ address: '192.168.3.2/24' });
      await Promise.all([serveHttp(apps, one, 'server one'), serveHttp(apps, two, 'server two')]);
      await rabbit.balanceHttp('192.168.2.2:80', '192.168.3.2:80');
      const answers = await getMany(apps, client, 'http://192.168.1.1/', 10);
      expect(answers.filter((answer) => answer === 'server one')).toHaveLength(5);
      expect(answers.filter((answer) => answer === 'server two')).toHaveLength(5);
      expect(await links[0].capture.count('http.request && ip.src == 192.168.1.2')).toBe(10);
      expect(await links[1].capture.count('http.request && ip.dst == 192.168.2.2')).toBe(5);
      expect(await links[2].capture.count('http.request && ip.dst == 192.168.3.2')).toBe(5);
    });
  });
});
