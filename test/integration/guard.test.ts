// SPDX-License-Identifier: GPL-3.0-or-later
// What a process leaves when it is killed is gone soon, without another run of alpy.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Docker from 'dockerode';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runLabel } from '../../src/docker/index.ts';
import { imageNamed, resolveImages } from '../../src/images/index.ts';
import { suiteId } from '../support/suite.ts';

const docker = new Docker();
const source = join(import.meta.dirname, '../../src/docker/index.ts');
const image = imageNamed(resolveImages(process.env), 'node').reference;
/** The goal is 5 s; a busy machine gets more. */
const longMs = 30_000;

/**
 * Starts a process that creates a container of a run, in a group of its own.
 * @param more - runs after that
 */
async function creator(runId: string, more = ''): Promise<ChildProcess> {
  const script = `
    const { Container, Engine } = await import(${JSON.stringify(source)});
    const engine = await Engine.connect({ runId: ${JSON.stringify(runId)}, jobId: ${JSON.stringify(suiteId())} });
    const container = await Container.create(engine, { name: 'node0', image: ${JSON.stringify(image)}, networkMode: 'bare' });
    ${more}
    console.log('created');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(createInterface(child.stdout), 'line');
  return child;
}

async function states(runId: string): Promise<readonly string[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${runLabel}=${runId}`] } });
  return found.map(({ State }) => State);
}

test('after SIGKILL to the process group, containers that were never started are removed; those of a living process stay', async () => {
  const [dead, alive] = [`dead-${suiteId()}`, `alive-${suiteId()}`];
  const [doomed, other, sameRun] = await Promise.all([creator(dead), creator(alive), creator(dead)]);
  expect([...(await states(dead)), ...(await states(alive))]).toEqual(['created', 'created', 'created']);
  process.kill(-doomed.pid!, 'SIGKILL');
  await vi.waitFor(() => expect(states(dead)).resolves.toEqual(['created']), { timeout: longMs, interval: 100 });
  expect(await states(alive)).toEqual(['created']);
  sameRun.kill('SIGKILL');
  other.kill('SIGTERM');
  await vi.waitFor(() => expect(Promise.all([states(dead), states(alive)])).resolves.toEqual([[], []]), {
    timeout: longMs,
    interval: 100,
  });
}, 120_000);
