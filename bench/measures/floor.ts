// SPDX-License-Identifier: GPL-3.0-or-later
import { Container, type Engine } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

/** How many tests of the suite run in parallel with 2 cores. */
const parallelTests = 6;
/** Containers of the suite: 2 + 4 + 6 for every three tests, a lifeline for each parallel test, and a decoder. */
const containersOfSuite = 4 * 12 + parallelTests + 1;

/**
 * Measures the daemon alone: one empty container, those of 2 links (one before the other two), those of 8 links in parallel, and
 * those of the whole suite.
 */
export async function floor({ testHost, figures }: Context): Promise<void> {
  const image = imageNamed(testHost.facts.images, 'node').reference;
  for (const count of [1, 9]) {
    const up = await timed(() => startAll(testHost.engine, image, count));
    const down = await timed(() => endAll(up.result));
    figures.add(`floor: ${count} empty containers, up`, 'ms', up.ms);
    figures.add(`floor: ${count} empty containers, down`, 'ms', down.ms);
  }
  const two = await timed(() => likeTwoLinks(testHost.engine, image));
  await endAll(two.result);
  figures.add('floor: the containers of 2 links, empty, up', 'ms', two.ms);
  const suite = await timed(() => likeSuite(testHost.engine, image));
  figures.add('floor: the containers of 12 tests, empty, up and down', 'ms', suite.ms);
}

async function likeTwoLinks(engine: Engine, image: string): Promise<readonly Container[]> {
  const first = await startAll(engine, image, 1);
  return [...first, ...(await startAll(engine, image, 2))];
}

/** Starts and removes containers in groups as large as those of a test, until the suite's number is reached. */
async function likeSuite(engine: Engine, image: string): Promise<void> {
  let left = containersOfSuite;
  const runGroups = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(left, 4);
      left -= count;
      await endAll(await startAll(engine, image, count));
    }
  };
  await Promise.all(Array.from({ length: parallelTests }, runGroups));
}

async function startAll(engine: Engine, image: string, count: number): Promise<readonly Container[]> {
  const spec = { name: 'empty', image, entrypoint: ['sleep', '60'], command: [], networkMode: 'bare', sharedMemory: false };
  return Promise.all(Array.from({ length: count }, () => Container.start(engine, spec)));
}

async function endAll(containers: readonly Container[]): Promise<void> {
  await Promise.all(containers.map((container) => container[Symbol.asyncDispose]()));
}
