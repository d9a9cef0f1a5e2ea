// SPDX-License-Identifier: GPL-3.0-or-later
import { Container, exec, type Engine } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

/** Containers of a test of the suite, on average: 16 + 24 + 32 in four times three tests. */
const containersOfTest = 6;

/** How often the suite has frames decoded, in each of four files: 4 + 1 + 3 times. */
const decodesOfFile = 8;

const wait = { timeoutMs: 60_000 };

/**
 * What the daemon alone takes: for one empty container, for what 2 links need, one of them before the others, for as many at
 * once as 8 links need, and for all of the suite; and what it takes to start tshark as often as the suite does.
 */
export async function floor({ bench, figures }: Context): Promise<void> {
  const image = imageNamed(bench.facts.images, 'node').reference;
  for (const count of [1, 10]) {
    const up = await timed(() => startAll(bench.engine, image, count));
    const down = await timed(() => endAll(up.result));
    figures.add(`floor: ${String(count)} empty containers, up`, 'ms', up.ms);
    figures.add(`floor: ${String(count)} empty containers, down`, 'ms', down.ms);
  }
  const two = await timed(() => likeTwoLinks(bench.engine, image));
  await endAll(two.result);
  figures.add('floor: the containers of 2 links, empty, and a command in one, up', 'ms', two.ms);
  const tests = await timed(() => Promise.all([1, 2, 3, 4].map(() => threeTests(bench.engine, image))));
  figures.add('floor: the containers of 12 tests, empty, up and down, 4 tests at a time', 'ms', tests.ms);
  const decoders = await startAll(bench.engine, imageNamed(bench.facts.images, 'qemu').reference, 4);
  const decoded = await timed(() => Promise.all(decoders.map(startTshark)));
  await endAll(decoders);
  figures.add('floor: tshark started as often as by 12 tests, 4 at a time', 'ms', decoded.ms);
}

async function likeTwoLinks(engine: Engine, image: string): Promise<readonly Container[]> {
  const first = await startAll(engine, image, 1);
  const others = await startAll(engine, image, 3);
  await Promise.all(others.slice(0, 1).map((container) => exec(container, { command: ['true'] }, wait)));
  return [...first, ...others];
}

async function startTshark(container: Container): Promise<void> {
  for (let decode = 0; decode < decodesOfFile; decode += 1) await exec(container, { command: ['tshark', '--version'] }, wait);
}

async function threeTests(engine: Engine, image: string): Promise<void> {
  for (let test = 0; test < 3; test += 1) {
    const all = await startAll(engine, image, containersOfTest);
    await endAll(all);
  }
}

async function startAll(engine: Engine, image: string, count: number): Promise<readonly Container[]> {
  const spec = { name: 'empty', image, entrypoint: ['sleep', '60'], command: [], networkMode: 'bare', sharedMemory: false };
  return Promise.all(Array.from({ length: count }, () => Container.start(engine, spec)));
}

async function endAll(containers: readonly Container[]): Promise<void> {
  await Promise.all(containers.map((container) => container[Symbol.asyncDispose]()));
}
