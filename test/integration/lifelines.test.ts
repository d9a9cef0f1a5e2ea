// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exec, type Container } from '../../src/docker/index.ts';
import { LifelinePool, type Testbed } from '../../src/testbed/index.ts';
import { planLifeline, type LifelinePlan } from '../../src/testbed/lifeline-plan.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let blank: string;

beforeAll(async () => {
  ({ testHost, blank } = await openWithBlankDisk());
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

/** One link, with a folder below the pool's. */
async function testbedOf(lifelines: LifelinePool, changes: Parameters<typeof rabbit>[0] = {}): Promise<Testbed> {
  const directory = await mkdtemp(join(testHost.directory, 'testbed-'));
  return testHost.testbed(rabbit({ image: blank, login: undefined, memoryMiB: 64, ...changes }), 1, { directory, lifelines });
}

const runIn = async (container: Container, script: string): Promise<string> =>
  (await exec(container, { command: ['sh', '-ec', script] }, { timeoutMs: 10_000 })).stdout.toString();

const idsOf = ({ lifeline, qemu }: Testbed): readonly string[] => [lifeline.id, qemu.id];

test('testbeds use a lifeline one after the other, and find nothing of earlier ones', async () => {
  await using lifelines = new LifelinePool(testHost.directory);
  const first = await testbedOf(lifelines);
  const [node] = first.nodes;
  const forking = 'while :; do (sleep 60) & sleep 0.01; done';
  await first.apps.start({ node: node!, name: 'forking', command: ['sh', '-c', forking], user: '1234:1234' });
  await first.apps.start({ node: node!, name: 'deaf', command: ['sh', '-c', 'trap "" TERM INT HUP; sleep 60'] });
  await first.close();
  const second = await testbedOf(lifelines);
  expect(idsOf(second)).toEqual(idsOf(first));
  expect(second.nodes[0]!.container.id).not.toBe(node!.container.id);
  expect(await second.nodes[0]!.counters()).toEqual({ receivedFrames: 0, sentFrames: 0, dropped: 0 });
  expect(await runIn(second.qemu, 'ls /var/tmp; cat /proc/[0-9]*/comm | grep -c qemu')).toBe('alpy2\n1\n');
  expect(await runIn(second.lifeline, 'cat /proc/[0-9]*/comm | grep -c sleep')).toBe('1\n'); // the node's
  await second.dut.start();
  expect(await second.dut.isRunning()).toBe(true);
  await second.close();
  await lifelines[Symbol.asyncDispose]();
  expect(await testHost.containers()).toEqual([]);
});

test('testbeds side by side have their own lifelines, and a lifeline of another kind is not reused', async () => {
  await using lifelines = new LifelinePool(testHost.directory);
  const both = await Promise.all([testbedOf(lifelines), testbedOf(lifelines)]);
  expect(both[0].qemu.id).not.toBe(both[1].qemu.id);
  await Promise.all(both.map((testbed) => testbed.close()));
  expect(await testHost.containers()).toHaveLength(2);
  const elsewhere = await testHost.testbed(rabbit({ login: undefined }), 0, { lifelines });
  expect(both.map(({ qemu }) => qemu.id)).not.toContain(elsewhere.qemu.id);
  await elsewhere.close();
  await lifelines[Symbol.asyncDispose]();
  expect(await testHost.containers()).toEqual([]);
});

test('the pool keeps as many lifelines as testbeds need, and reuses each', async () => {
  await using lifelines = new LifelinePool(testHost.directory, 2);
  const used: (readonly string[])[] = [];
  for (const count of [3, 2]) {
    const testbeds = await Promise.all(Array.from({ length: count }, () => testbedOf(lifelines)));
    used.push(testbeds.map(({ qemu }) => qemu.id));
    await Promise.all(testbeds.map((testbed) => testbed.close()));
    expect(await testHost.containers()).toHaveLength(4);
  }
  const [first, second] = used;
  expect(new Set(second).size).toBe(2);
  expect(first).toEqual(expect.arrayContaining([...second!]));
});

describe('a lifeline that is started in advance', () => {
  const plan = (image: string): LifelinePlan => {
    const files = { images: [{ path: image, inside: '/alpy/image' }] };
    const machine = { machine: 'q35', memoryMiB: 64, extra: [] } as const;
    return planLifeline(testHost.facts, [{ machine, files }], testHost.directory, false);
  };

  test('is acquired, even while it is still starting', async () => {
    await using lifelines = new LifelinePool(testHost.directory);
    lifelines.prepare(Promise.resolve(testHost.engine), plan(testHost.directory));
    const first = await lifelines.acquire(testHost.engine, plan(testHost.directory));
    for (const container of [first.lifeline, ...(await first.created())])
      expect(await container.runShell('echo here', { timeoutMs: 10_000 })).toBe('here\n');
    expect(await testHost.containers()).toHaveLength(2);
    await lifelines.release(first, plan(testHost.directory));
    expect(await testHost.containers()).toHaveLength(2);
  });

  test('is not used if a folder that it shows was replaced meanwhile', async () => {
    await using lifelines = new LifelinePool(testHost.directory);
    const folder = await mkdtemp(join(testHost.directory, 'shown-'));
    const first = await lifelines.acquire(testHost.engine, plan(folder));
    await first.created();
    await lifelines.release(first, plan(folder));
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, 'new'), '');
    const second = await lifelines.acquire(testHost.engine, plan(folder));
    const [qemu] = await second.created();
    expect(await qemu?.runShell('ls /alpy/image', { timeoutMs: 10_000 })).toBe('new\n');
    await lifelines.release(second, plan(folder));
    expect(await testHost.containers()).toHaveLength(2);
  });

  test('reports a failed start only to the caller that acquires it', async () => {
    await using lifelines = new LifelinePool(testHost.directory);
    const nowhere = plan(join(testHost.directory, 'nowhere'));
    lifelines.prepare(Promise.resolve(testHost.engine), nowhere);
    const group = await lifelines.acquire(testHost.engine, nowhere);
    await expect(group.created()).rejects.toMatchObject({ code: 'ALPY_CONTAINER' });
    await group[Symbol.asyncDispose]();
    expect(await testHost.containers()).toEqual([]);
  });

  test('goes to another caller if the first one has cancelled', async () => {
    await using lifelines = new LifelinePool(testHost.directory);
    lifelines.prepare(Promise.resolve(testHost.engine), plan(testHost.directory));
    const reason = new Error('given up');
    await expect(lifelines.acquire(testHost.engine, plan(testHost.directory), AbortSignal.abort(reason))).rejects.toBe(reason);
    await lifelines.release(await lifelines.acquire(testHost.engine, plan(testHost.directory)), plan(testHost.directory));
    expect(await testHost.containers()).toHaveLength(2);
  });

  test('is removed when the pool closes, even while it is starting', async () => {
    const lifelines = new LifelinePool(testHost.directory);
    lifelines.prepare(Promise.resolve(testHost.engine), plan(testHost.directory));
    await lifelines[Symbol.asyncDispose]();
    expect(await testHost.containers()).toEqual([]);
  });
});

test('a lifeline with leftovers is discarded', async () => {
  await using lifelines = new LifelinePool(testHost.directory);
  const first = await testbedOf(lifelines);
  expect(await runIn(first.lifeline, 'ip tuntap add left mode tap; ls -d /sys/class/net/left')).toBe('/sys/class/net/left\n');
  await first.close();
  expect(await testHost.containers()).toEqual([]);
  const second = await testbedOf(lifelines);
  expect(second.qemu.id).not.toBe(first.qemu.id);
  await second.close();
});

test('a lifeline whose resource limits an app has changed is discarded', async () => {
  await using lifelines = new LifelinePool(testHost.directory);
  const first = await testbedOf(lifelines);
  await first.nodes[0]!.run('prlimit --pid 1 --nofile=100:100');
  await first.close();
  expect(await testHost.containers()).toEqual([]);
});

test('the lifeline of a failed testbed is discarded, and so is one that has died', async () => {
  await using lifelines = new LifelinePool(testHost.directory);
  const failed = await testbedOf(lifelines);
  await runIn(failed.qemu, 'for each in /proc/[0-9]*; do case $(cat $each/comm) in qemu*) kill -9 ${each#/proc/} ;; esac; done');
  await failed.dut.qmp.closed;
  await expect(failed.close()).rejects.toMatchObject({
    code: 'ALPY_CONTAINER_DIED',
    container: 'qemu',
    exitStatus: 137,
    signal: 'SIGKILL',
  });
  expect(await testHost.containers()).toEqual([]);
  const second = await testbedOf(lifelines);
  await second.close();
  await second.qemu.kill();
  await second.qemu.waitForExit({ timeoutMs: 10_000 });
  const third = await testbedOf(lifelines);
  expect(third.qemu.id).not.toBe(second.qemu.id);
  await third.close();
});
