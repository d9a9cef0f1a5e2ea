// SPDX-License-Identifier: GPL-3.0-or-later
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProbe, type Node } from '../../src/network/index.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let node: Node;
const wait = { timeoutMs: 10_000 };

beforeAll(async () => {
  const opened = await openWithBlankDisk();
  ({ testHost } = opened);
  const testbed = await testHost.testbed(rabbit({ image: opened.blank, login: undefined }), 1);
  [node] = testbed.nodes as unknown as [Node];
});

afterAll(() => testHost[Symbol.asyncDispose]());

/** How many programs of probes run on the node. */
async function programs(): Promise<number> {
  return Number((await node.run('grep -lx perl /proc/[0-9]*/comm | wc -l')).stdout);
}

test('a flow of a node to itself loses nothing, and its programs end with it', async () => {
  {
    await using flow = await startProbe(node, node, { to: '127.0.0.1', perSecond: 1000, sizeBytes: 1400 });
    await node.run('sleep 2');
    const report = await flow.report();
    expect(report).toMatchObject({ lost: report.dropped, duplicates: 0, reordered: 0, refused: 0 });
    expect(report.sent).toBeGreaterThan(500); // 2000, less the pauses of a busy machine
    expect(report.latencyMs.median).toBeLessThan(1);
    expect(await programs()).toBe(2);
  }
  expect(await programs()).toBe(0);
});

test('the length of an outage is measured, over IPv6, too', async () => {
  await using flow = await startProbe(node, node, { to: '::1', perSecond: 1000, port: 7007 });
  expect([flow.to, flow.port]).toEqual(['::1', 7007]);
  const { stdout } = await node.run('cat /proc/uptime; ip link set lo down; sleep 0.5; ip link set lo up; cat /proc/uptime');
  const [from = 0, to = 0] = stdout.split('\n').map((line) => Number.parseFloat(line) * 1000);
  const { outage, isOver } = await flow.recovery(2000, { ...wait, mayBeUnbroken: false });
  expect(isOver).toBe(true);
  expect(outage?.lengthMs).toBeGreaterThan(480);
  expect(outage?.lengthMs).toBeLessThan(to - from + 50);
  const report = await flow.report();
  expect(report.refused).toBe(report.lost);
  expect(report.longestOutageMs).toBeCloseTo(outage?.lengthMs ?? 0, 0);
  expect(await flow.recovery(100, { ...wait, mayBeUnbroken: true })).toEqual({ outage: undefined, isOver: true });
});

test('a flow that cannot start says why', async () => {
  await expect(startProbe(node, node, { perSecond: 10 })).rejects.toThrow(
    'probe: expected one address of node0, got none. Say in the option "to" which address to send to',
  );
  await expect(startProbe(node, node, { to: '192.0.2.1', timeoutMs: 1500 })).rejects.toThrow(
    'probe(node0, node0): node0 cannot send to 192.0.2.1: network is unreachable. Give it an address and a route',
  );
  await node.configure({ address: '192.168.1.2/24' });
  await expect(startProbe(node, node, { to: '192.168.1.3', timeoutMs: 1500 })).rejects.toThrow(
    /^probe\(node0, node0\): expected datagrams to arrive at 192\.168\.1\.3, UDP port \d+, of node0 within 1\.5 s, but none of \d+ did$/,
  );
  await using first = await startProbe(node, node, { port: 7007 });
  await expect(startProbe(node, node, { port: 7007 })).rejects.toThrow(
    'probe(node0, node0): the receiver on node0 ended with exit status 98: UDP port 7007: Address already in use',
  );
  expect(first.to).toBe('192.168.1.2');
});

test('a flow whose program ends fails, and names it', async () => {
  await using flow = await startProbe(node, node, { to: '127.0.0.1' });
  await node.run('kill -9 $(grep -lx perl /proc/[0-9]*/comm | sed -n 1p | cut -d/ -f3)');
  await expect(flow.recovery(1000, { ...wait, mayBeUnbroken: true })).rejects.toThrow(
    /the (?:sender|receiver) on node0 ended with .*SIGKILL/,
  );
});
