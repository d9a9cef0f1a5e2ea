// SPDX-License-Identifier: GPL-3.0-or-later
// The leftovers of a process that is killed between creating a container and starting it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Docker from 'dockerode';
import { expect, onTestFinished, test } from 'vitest';
import { Engine, removeLeftovers, runLabel } from '../../src/docker/index.ts';
import { imageNamed, resolveImages } from '../../src/images/index.ts';
import { killGuards } from '../support/processes.ts';
import { suiteId } from '../support/suite.ts';

const docker = new Docker();
const source = join(import.meta.dirname, '../../src/docker/index.ts');

const image = imageNamed(resolveImages(process.env), 'node').reference;

/** Creates a container of a run in another process, and waits until that is done. */
async function createElsewhere(runId: string): Promise<ChildProcess> {
  const script = `
    const { Container, Engine } = await import(${JSON.stringify(source)});
    const engine = await Engine.connect({ runId: ${JSON.stringify(runId)}, jobId: ${JSON.stringify(suiteId())} });
    await Container.create(engine, { name: 'node0', image: ${JSON.stringify(image)}, networkMode: 'bare' });
    console.log('created');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function states(runId: string): Promise<readonly string[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${runLabel}=${runId}`] } });
  return found.map(({ State }) => State);
}

test('a container that was never started is removed if its process was killed, and kept if its process is alive', async () => {
  const [dead, alive] = [`left-${suiteId()}`, `alive-${suiteId()}`];
  const [doomed] = await Promise.all([createElsewhere(dead), createElsewhere(alive)]);
  using engine = await Engine.connect({ jobId: suiteId() });
  expect([...(await states(dead)), ...(await states(alive))]).toEqual(['created', 'created']);
  // not earlier, since any other run of alpy on this daemon removes what is left from now on
  killGuards(doomed.pid!); // its guard would remove it, too
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  const removed = await removeLeftovers(engine, undefined);
  expect(removed.filter((name) => name.includes(suiteId()))).toEqual([`alpy-${dead}-${doomed.pid}-1-node0`]);
  expect(await states(dead)).toEqual([]);
  expect(await states(alive)).toEqual(['created']);
  await removeLeftovers(engine, alive);
  expect(await states(alive)).toEqual([]);
});

test('a run that is named explicitly is removed in any case', async () => {
  const runId = `named-${suiteId()}`;
  await createElsewhere(runId);
  using engine = await Engine.connect({ jobId: suiteId() });
  await expect(removeLeftovers(engine, runId)).resolves.toHaveLength(1);
  expect(await states(runId)).toEqual([]);
});
