// SPDX-License-Identifier: GPL-3.0-or-later
import { Container, type Engine } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Context } from '../context.ts';
import { timed } from '../figure.ts';

/** What the daemon alone takes: for one empty container, and for as many at once as 8 links need. */
export async function floor({ bench, figures }: Context): Promise<void> {
  const image = imageNamed(bench.facts.images, 'node').reference;
  for (const count of [1, 10]) {
    const up = await timed(() => startAll(bench.engine, image, count));
    const down = await timed(() => Promise.all(up.result.map((container) => container[Symbol.asyncDispose]())));
    figures.add(`floor: ${String(count)} empty containers, up`, 'ms', up.ms);
    figures.add(`floor: ${String(count)} empty containers, down`, 'ms', down.ms);
  }
}

async function startAll(engine: Engine, image: string, count: number): Promise<readonly Container[]> {
  const spec = { name: 'empty', image, entrypoint: ['sleep', '60'], command: [], networkMode: 'bare', sharedMemory: false };
  return Promise.all(Array.from({ length: count }, () => Container.start(engine, spec)));
}
