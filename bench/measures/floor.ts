// SPDX-License-Identifier: GPL-3.0-or-later
import { Container, type Engine } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

/** How many tests of the suite run at once with 2 cores. */
const testsAtOnce = 6;
/** Containers of the suite: each three of its tests have 2 + 4 + 6, and there are as many lifelines as tests at once, and a decoder. */
const containersOfSuite = 4 * 12 + testsAtOnce + 1;

/**
 * What the daemon alone takes: for one empty container, for what 2 links need, one of them before the others, for as many at
 * once as 8 links need, and for all of the suite.
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

/** As many at once as tests of the suite have, again and again. */
async function likeSuite(engine: Engine, image: string): Promise<void> {
  let left = containersOfSuite;
  const oneAfterTheOther = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(left, 4);
      left -= count;
      await endAll(await startAll(engine, image, count));
    }
  };
  await Promise.all(Array.from({ length: testsAtOnce }, oneAfterTheOther));
}

async function startAll(engine: Engine, image: string, count: number): Promise<readonly Container[]> {
  const spec = { name: 'empty', image, entrypoint: ['sleep', '60'], command: [], networkMode: 'bare', sharedMemory: false };
  return Promise.all(Array.from({ length: count }, () => Container.start(engine, spec)));
}

async function endAll(containers: readonly Container[]): Promise<void> {
  await Promise.all(containers.map((container) => container[Symbol.asyncDispose]()));
}
