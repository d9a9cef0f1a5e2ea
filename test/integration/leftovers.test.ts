// SPDX-License-Identifier: GPL-3.0-or-later
// The leftovers of a process that is killed between creating a container and starting it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { Engine, removeLeftovers, runLabel } from '../../src/docker/index.ts';
import { imageNamed, resolveImages } from '../../src/images/index.ts';
import { suiteId } from '../support/suite.ts';

const docker = new Docker();
const source = join(import.meta.dirname, '../../src/docker/index.ts');

/** Creates a container of a run and dies, or waits. */
async function createIn(runId: string, then: string): Promise<{ readonly pid: number; readonly output: string }> {
  const image = imageNamed(resolveImages(process.env), 'node').reference;
  const script = `
    const { Container, Engine } = await import(${JSON.stringify(source)});
    const engine = await Engine.connect({ runId: ${JSON.stringify(runId)}, jobId: ${JSON.stringify(suiteId())} });
    await Container.create(engine, { name: 'node0', image: ${JSON.stringify(image)}, networkMode: 'bare' });
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { pid: child.pid!, output };
}

async function states(runId: string): Promise<readonly string[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${runLabel}=${runId}`] } });
  return found.map(({ State }) => State);
}

test('a container that was never started is removed if its process was killed, and kept if its process is alive', async () => {
  const dead = `left-${suiteId()}`;
  await createIn(dead, "process.kill(process.pid, 'SIGKILL');");
  expect(await states(dead)).toEqual(['created']);
  const alive = `alive-${suiteId()}`;
  const clean = `
    const { removeLeftovers } = await import(${JSON.stringify(source)});
    const removed = await removeLeftovers(engine, undefined);
    console.log(removed.filter((name) => name.includes(${JSON.stringify(suiteId())})).join());
    await removeLeftovers(engine, ${JSON.stringify(alive)});
    engine[Symbol.dispose]();`;
  const { output } = await createIn(alive, clean);
  expect(output).toMatch(new RegExp(`^alpy-${dead}-\\d+-1-node0\\n$`));
  expect(await states(dead)).toEqual([]);
  expect(await states(alive)).toEqual([]);
});

test('a run that is named explicitly is removed in any case', async () => {
  const runId = `named-${suiteId()}`;
  await createIn(runId, "process.kill(process.pid, 'SIGKILL');");
  using engine = await Engine.connect({ jobId: suiteId() });
  await expect(removeLeftovers(engine, runId)).resolves.toHaveLength(1);
  expect(await states(runId)).toEqual([]);
});
