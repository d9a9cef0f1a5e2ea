// SPDX-License-Identifier: GPL-3.0-or-later
// When one of a testbed's first two containers, or alpy itself, is killed from outside, everything else of the testbed ends, too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Docker from 'dockerode';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runLabel } from '../../src/docker/index.ts';
import { killGuards } from '../support/processes.ts';
import { openWithBlankDisk, rabbit, type TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let blank: string;

/** The goal is 5 s; a busy machine gets more. */
const longMs = 30_000;

beforeAll(async () => {
  ({ testHost, blank } = await openWithBlankDisk());
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

const silent = () => rabbit({ image: blank, login: undefined, memoryMiB: 64 });

describe.each(['lifeline', 'qemu'] as const)('SIGKILL to the container %s', (name) => {
  test('ends everything of the testbed, and errors name that container', async () => {
    const testbed = await testHost.testbed(silent(), 1);
    await testbed.dut.start();
    const [node] = testbed.nodes;
    const app = await testbed.apps.start({ node: node!, command: ['sleep', '600'] });
    await execa('docker', ['kill', '--signal', 'KILL', testbed[name].id]);
    await vi.waitFor(() => expect(testHost.containers()).resolves.toEqual([]), { timeout: longMs, interval: 100 });
    await app.wait({ check: false, timeoutMs: longMs });
    expect(testbed.dut.qmp.isClosed).toBe(true);
    const died = { code: 'ALPY_CONTAINER_DIED', fault: 'environment', container: name, exitStatus: 137, signal: 'SIGKILL' };
    expect(() => {
      testbed.check();
    }).toThrow(expect.objectContaining(died) as Error);
    await expect(testbed.close()).rejects.toMatchObject(died);
  });
});

describe('SIGKILL to alpy', () => {
  test.each(['with its guard', 'without its guard'])('ends both containers and all that depend on them, %s', async (how) => {
    const { child, runId } = await testbedOfAnotherProcess();
    const docker = new Docker();
    const left = async (): Promise<readonly string[]> => {
      const found = await docker.listContainers({ all: true, filters: { label: [`${runLabel}=${runId}`] } });
      return found.flatMap(({ Names }) => Names);
    };
    expect(await left()).toHaveLength(3); // with the node
    if (how === 'without its guard') killGuards(child.pid!); // so that only the lifeline can end anything
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(left()).resolves.toEqual([]), { timeout: longMs, interval: 100 });
  });
});

/** Starts a process with a testbed that runs. */
async function testbedOfAnotherProcess(): Promise<{ readonly child: ReturnType<typeof spawn>; readonly runId: string }> {
  const support = join(import.meta.dirname, '../support/testbeds.ts');
  const script = `
    const { rabbit, TestHost } = await import(${JSON.stringify(support)});
    const host = await TestHost.open();
    const testbed = await host.testbed(rabbit({ image: ${JSON.stringify(blank)}, login: undefined, memoryMiB: 64 }), 1);
    await testbed.dut.start();
    console.log(host.engine.runId);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, TMPDIR: testHost.directory }, // it cannot remove its files
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [runId] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, runId };
}
