// SPDX-License-Identifier: GPL-3.0-or-later
import { Container, type Engine } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

/** Containers of a test of the suite, on average: 16 + 24 + 32 in four times three tests. */
const containersOfTest = 6;

/** What the daemon alone takes: for one empty container, for as many at once as 8 links need, and for all of the suite. */
export async function floor({ bench, figures }: Context): Promise<void> {
  const image = imageNamed(bench.facts.images, 'node').reference;
  for (const count of [1, 10]) {
    const up = await timed(() => startAll(bench.engine, image, count));
    const down = await timed(() => Promise.all(up.result.map((container) => container[Symbol.asyncDispose]())));
    figures.add(`floor: ${String(count)} empty containers, up`, 'ms', up.ms);
    figures.add(`floor: ${String(count)} empty containers, down`, 'ms', down.ms);
  }
  const { ms } = await timed(() => Promise.all([1, 2, 3, 4].map(() => threeTests(bench.engine, image))));
  figures.add('floor: the containers of 12 tests, empty, up and down, 4 tests at a time', 'ms', ms);
}

async function threeTests(engine: Engine, image: string): Promise<void> {
  for (let test = 0; test < 3; test += 1) {
    const all = await startAll(engine, image, containersOfTest);
    await Promise.all(all.map((container) => container[Symbol.asyncDispose]()));
  }
}

async function startAll(engine: Engine, image: string, count: number): Promise<readonly Container[]> {
  const spec = { name: 'empty', image, entrypoint: ['sleep', '60'], command: [], networkMode: 'bare', sharedMemory: false };
  return Promise.all(Array.from({ length: count }, () => Container.start(engine, spec)));
}
