// SPDX-License-Identifier: GPL-3.0-or-later
import { Container, type Engine } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

/** Containers of a file of the suite: its three tests have 2 + 4 + 6, and it has two lifelines and a decoder. */
const containersOfFile = 15;

/**
 * What the daemon alone takes: for one empty container, for what 2 links need, one of them before the others, for as many at
 * once as 8 links need, and for all of the suite.
 */
export async function floor({ bench, figures }: Context): Promise<void> {
  const image = imageNamed(bench.facts.images, 'node').reference;
  for (const count of [1, 9]) {
    const up = await timed(() => startAll(bench.engine, image, count));
    const down = await timed(() => endAll(up.result));
    figures.add(`floor: ${String(count)} empty containers, up`, 'ms', up.ms);
    figures.add(`floor: ${String(count)} empty containers, down`, 'ms', down.ms);
  }
  const two = await timed(() => likeTwoLinks(bench.engine, image));
  await endAll(two.result);
  figures.add('floor: the containers of 2 links, empty, up', 'ms', two.ms);
  const files = await timed(() => Promise.all([1, 2, 3, 4].map(() => likeFile(bench.engine, image))));
  figures.add('floor: the containers of 12 tests, empty, up and down, 4 files at a time', 'ms', files.ms);
}

async function likeTwoLinks(engine: Engine, image: string): Promise<readonly Container[]> {
  const first = await startAll(engine, image, 1);
  return [...first, ...(await startAll(engine, image, 2))];
}

async function likeFile(engine: Engine, image: string): Promise<void> {
  for (let test = 0; test < 3; test += 1) {
    const all = await startAll(engine, image, containersOfFile / 3);
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
