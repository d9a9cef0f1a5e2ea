// SPDX-License-Identifier: GPL-3.0-or-later
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withSink, type StepSink } from '../../src/core/step.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let blank: string;

beforeAll(async () => {
  ({ testHost, blank } = await openWithBlankDisk());
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

const silent = () => rabbit({ image: blank, login: undefined, memoryMiB: 64 });

describe('wiring', () => {
  test.each([0, 1, 15])('gives each of %i links a node with the tap as its eth0, before the virtual CPU runs', async (count) => {
    const testbed = await testHost.testbed(silent(), count);
    expect(testbed.nodes.map(({ name }) => name)).toEqual(Array.from({ length: count }, (_, index) => `node${index}`));
    expect(await testbed.dut.qmp.execute('query-status')).toMatchObject({ running: false, status: 'prelaunch' });
    for (const [index, node] of testbed.nodes.entries()) {
      const { stdout } = await node.run(['ip', '-j', '-d', 'link', 'show', 'eth0']);
      expect(JSON.parse(stdout)).toMatchObject([
        {
          ifname: 'eth0',
          flags: expect.arrayContaining(['UP', 'LOWER_UP']) as string[],
          address: `02:00:00:a1:00:0${index.toString(16)}`,
          linkinfo: { info_kind: 'tun' },
        },
      ]);
      expect(await node.counters()).toEqual({ receivedFrames: 0, sentFrames: 0, dropped: 0 });
    }
    await testbed.dut.start();
    expect(await testbed.dut.isRunning()).toBe(true);
    await testbed.close();
    expect(await testHost.containers()).toEqual([]);
    for (const { capture } of testbed.links) expect((await stat(capture.path)).size).toBe(24); // the header of a pcap and no frame
  });

  test('lets a node and its apps resolve localhost, and share what a test adds to /etc/hosts', async () => {
    const testbed = await testHost.testbed(silent(), 2);
    const [left, right] = testbed.nodes;
    const names = ['sh', '-ec', 'getent ahosts localhost | cut -d " " -f 1 | sort -u; echo 192.0.2.1 gateway >>/etc/hosts'];
    const { stdout } = await testbed.apps.run({ node: left!, command: names });
    expect(stdout).toBe('127.0.0.1\n::1\n');
    expect((await left!.run('cat /etc/hosts')).stdout).toContain('192.0.2.1 gateway');
    expect((await right!.run('cat /etc/hosts')).stdout).not.toContain('gateway');
    await left!.run('ping -c 1 -W 2 127.0.0.1 && ping -6 -c 1 -W 2 ::1');
    await testbed.close();
  });

  test('isolates testbeds from each other', async () => {
    const testbeds = await Promise.all([1, 2, 3].map(() => testHost.testbed(silent(), 2)));
    await Promise.all(
      testbeds.map(async ({ nodes: [left] }, index) => {
        await left?.configure({ address: `10.0.${index}.1/24` });
        await left?.run(`ping -c 1 -W 1 10.0.${index}.2`, { check: false });
      }),
    );
    const asked = await Promise.all(
      testbeds.map(async ({ links: [link] }) => {
        await link!.capture.waitFor('arp', { timeoutMs: 30_000 });
        return link!.capture.frames('arp', { fields: ['arp.dst.proto_ipv4'] });
      }),
    );
    expect(asked.map((frames) => [...new Set(frames.map(({ fields }) => fields['arp.dst.proto_ipv4']))])).toEqual([
      ['10.0.0.2'],
      ['10.0.1.2'],
      ['10.0.2.2'],
    ]);
    await Promise.all(testbeds.map((testbed) => testbed.close()));
    expect(await testHost.containers()).toEqual([]);
  });
});

describe('a node', () => {
  test('replaces its addresses, routes and MTU', async () => {
    const testbed = await testHost.testbed(silent(), 1);
    const [node] = testbed.nodes;
    await node!.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
    await node!.configure({
      address: ['10.1.0.2/16', 'fd00::2/64'],
      gateway: ['10.1.0.1', 'fd00::1'],
      mtu: 9000,
      routes: [{ to: '10.9.0.0/16', via: '10.1.0.9' }],
    });
    const { stdout } = await node!.run(
      'ip -4 -o address show eth0; ip -4 route; ip -6 route show default; cat /sys/class/net/eth0/mtu',
    );
    expect(stdout.replaceAll(/ +$/gm, '').split('\n')).toEqual([
      expect.stringMatching(/inet 10\.1\.0\.2\/16 .*eth0/),
      'default via 10.1.0.1 dev eth0',
      '10.1.0.0/16 dev eth0 proto kernel scope link src 10.1.0.2',
      '10.9.0.0/16 via 10.1.0.9 dev eth0',
      expect.stringMatching(/^default via fd00::1 dev eth0/),
      '9000',
      '',
    ]);
    await expect(node!.configure({ address: '10.1.0.2/16', gateway: '10.7.0.1' })).rejects.toMatchObject({
      code: 'ALPY_EXEC',
      fault: 'usage',
      stderr: expect.stringContaining('Nexthop has invalid gateway') as string,
    });
    await expect(node!.run('ip link add d0 type no_such_type')).rejects.toMatchObject({
      code: 'ALPY_EXEC',
      fault: 'environment',
    });
    await expect(node!.run(['sh', '-c', 'echo no; exit 3'])).rejects.toMatchObject({
      code: 'ALPY_EXEC',
      fault: 'device',
      command: ['sh', '-c', 'echo no; exit 3'],
      exitStatus: 3,
      stdout: 'no\n',
    });
    await expect(node!.run(['sleep', '60'], { timeoutMs: 300 })).rejects.toMatchObject({ code: 'ALPY_EXEC_TIMEOUT' });
    await testbed.close();
  });

  test('whose interface was removed causes an environment error', async () => {
    await using testbed = await testHost.testbed(silent(), 1);
    const [node] = testbed.nodes;
    await testbed.checkLinks();
    await node!.run('ip link delete eth0');
    const error = { code: 'ALPY_ENVIRONMENT', fault: 'environment' };
    await expect(testbed.checkLinks()).rejects.toMatchObject(error);
    await expect(node!.configure({ address: '192.168.1.1/24' })).rejects.toMatchObject(error);
  });

  test('whose death destroys its tap causes an environment error', async () => {
    const testbed = await testHost.testbed(silent(), 2);
    await testbed.nodes[0]!.container.kill();
    await testbed.nodes[0]!.container.waitForExit({ timeoutMs: 10_000 });
    await expect(testbed.close()).rejects.toMatchObject({
      code: 'ALPY_CONTAINER_DIED',
      fault: 'environment',
      container: 'node0',
      exitStatus: 137,
      signal: 'SIGKILL',
    });
    expect(await testHost.containers()).toEqual([]);
  });
});

describe('an app', () => {
  test('has a command, an environment, files, an exit status and its output', async () => {
    const testbed = await testHost.testbed(silent(), 1);
    const node = testbed.nodes[0]!;
    const spec = { node, environment: { WHO: 'world' }, files: [{ path: '/data/greeting', content: 'hello' }] };
    const result = await testbed.apps.run({
      ...spec,
      command: ['sh', '-c', 'echo "$(cat /data/greeting) $WHO"; ip -br link show eth0 >&2'],
    });
    expect(result).toMatchObject({
      stdout: 'hello world\n',
      stderr: expect.stringContaining('eth0') as string,
      exitStatus: 0,
    });
    const failing = testbed.apps.run({ node, command: ['sh', '-c', 'echo oh no; exit 7'] });
    await expect(failing).rejects.toMatchObject({
      code: 'ALPY_EXEC',
      command: ['sh', '-c', 'echo oh no; exit 7'],
      exitStatus: 7,
      stdout: 'oh no\n',
    });
    const killed = await testbed.apps.run({ node, command: ['sh', '-c', 'kill -TERM $$'] }, { check: false });
    expect(killed).toMatchObject({ exitStatus: 143, signal: 'SIGTERM' });
    await testbed.close();
  });

  test('can be awaited with a deadline, until it prints something, runs or has ended', async () => {
    const testbed = await testHost.testbed(silent(), 1);
    const app = await testbed.apps.start({
      node: testbed.nodes[0]!,
      name: 'server',
      command: ['sh', '-c', 'echo ready; sleep 60'],
    });
    await app.waitUntilRunning({ timeoutMs: 30_000 });
    expect(await app.waitForOutput(/^ready$/, { timeoutMs: 30_000 })).toBe('ready');
    await expect(app.waitForOutput(/never/, { timeoutMs: 200 })).rejects.toThrow(
      /server@node0: waited 200 ms for a line of its output that matches \/never\//,
    );
    await expect(app.wait({ timeoutMs: 200 })).rejects.toThrow('server@node0: waited 200 ms for its end');
    await app.kill('SIGKILL');
    expect(await app.wait({ timeoutMs: 30_000, check: false })).toMatchObject({ exitStatus: 137, signal: 'SIGKILL' });
    await testbed.close();
  });

  test('is logged line by line, and its end with exit status or signal', async () => {
    const lines: string[] = [];
    const sink: StepSink = (event) => {
      if (event.kind === 'log') lines.push(`${event.source} ${event.text}`);
    };
    await withSink(sink, async () => {
      const testbed = await testHost.testbed(silent(), 1);
      const node = testbed.nodes[0]!;
      await testbed.apps.run(
        { node, name: 'talker', command: ['sh', '-c', 'echo one; printf "\\033[1mtwo"; exit 4'] },
        { check: false },
      );
      const server = await testbed.apps.start({ node, name: 'server', command: ['sleep', '60'] });
      await server.kill('SIGKILL');
      await server.wait({ check: false });
      await testbed.close();
    });
    expect(lines.filter((line) => /talker|server/.test(line))).toEqual([
      'alpy.app talker@node0: one',
      'alpy.app talker@node0: \\e[1mtwo',
      'alpy.docker talker@node0 ended: exit status 4',
      'alpy.docker server@node0 ended: signal SIGKILL (exit status 137)',
    ]);
  });

  test('that exits unexpectedly is a usage error that quotes its output', async () => {
    const testbed = await testHost.testbed(silent(), 1);
    const app = await testbed.apps.start({
      node: testbed.nodes[0]!,
      name: 'server',
      command: ['sh', '-c', 'echo cannot bind; exit 2'],
    });
    await expect(app.waitForOutput(/ready/, { timeoutMs: 30_000 })).rejects.toMatchObject({
      code: 'ALPY_APP_ENDED',
      exitStatus: 2,
    });
    await expect(testbed.close()).rejects.toMatchObject({
      code: 'ALPY_APP_ENDED',
      fault: 'usage',
      exitStatus: 2,
      message: /^server@node0: .*cannot bind/s,
    });
  });

  test('whose image is missing is refused, with what to do', async () => {
    const testbed = await testHost.testbed(silent(), 1);
    const start = testbed.apps.start({ node: testbed.nodes[0]!, image: 'example.invalid/none:1', command: ['true'] });
    await expect(start).rejects.toMatchObject({ code: 'ALPY_IMAGE_MISSING', reference: 'example.invalid/none:1' });
    await testbed.close();
  });
});

test('copies files if the daemon does not see those of alpy', async () => {
  const testbed = await testHost.testbed(silent(), 1, { facts: { ...testHost.facts, access: { kind: 'copy' } } });
  const node = testbed.nodes[0]!;
  await node.configure({ address: '10.0.0.1/24' });
  // without ARP, the kernel does not ask again later
  await node.run('ping -c 1 -W 1 10.0.0.2; ip link set eth0 arp off', { check: false });
  const { sentFrames } = await node.counters();
  expect(sentFrames).toBeGreaterThan(0);
  await expect.poll(() => testbed.links[0]!.capture.count(), { timeout: 30_000 }).toBe(sentFrames);
  await testbed.close();
  expect((await stat(testbed.links[0]!.capture.path)).size).toBe(24 + sentFrames * (16 + 42));
});
