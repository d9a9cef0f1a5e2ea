// SPDX-License-Identifier: GPL-3.0-or-later
/// <reference types="node" preserve="true" />
/** The module that tests import: Vitest's API, with a separate testbed for each test. @module alpy/test */
import { resolve } from 'node:path';
import { test as base } from 'vitest';
import { step as runStep } from '../core/step.ts';
import type { Capture } from '../capture/index.ts';
import type { Node } from '../network/index.ts';
import { resolveTopology, type maxLinks } from '../topology/index.ts';
import { makeTestbed, type Needs } from './make-testbed.ts';
import type { Appliance, Link, Testbed } from '../testbed/index.ts';
import { asAlpy, shown, track } from './test-calls.ts';
import { runFacts } from './worker-engine.ts';
import { testState } from './worker-state.ts';

export { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
export type { Needs } from './make-testbed.ts';
export type { MatcherOptions } from './matchers.ts';

/**
 * One item per link, in order. The type is as long as the largest topology, so that destructuring gives `T`; items beyond the
 * test's topology are `undefined`.
 */
export type PerLink<T> = readonly T[] & TupleOf<T, typeof maxLinks>;

type TupleOf<T, Length extends number, Items extends readonly T[] = readonly []> = Items['length'] extends Length
  ? Items
  : TupleOf<T, Length, readonly [...Items, T]>;

/**
 * Vitest's `test` with fixtures. Each test has its own testbed, with a guest freshly booted from the unmodified image:
 *
 * - `dut`: the device under test, logged in if the configuration has `appliance.login`
 * - `nodes`, `links`: one per NIC, in order
 * - `apps`: starts programs in containers beside nodes
 * - `capture`: the capture of a link, by its number
 * - `step`: `step('Title', body)` shows a part of the test in logs and reports
 * - `directory`: folder for the test's files, kept with its reports
 *
 * `test.override` can set for a file or a `describe`: `appliance` (overrides values of the configuration), `topology`, `boot`
 * (`cold`: the guest boots; `snapshot`: it is restored as it was after its boot), `autoBoot` (false: the test starts the guest),
 * and `needs` (`exclusive`, `memoryMiB`).
 */
export const test = base
  .extend('appliance', {} as Partial<Appliance>)
  .extend('topology', () => runFacts().config.topology)
  .extend('boot', () => runFacts().config.boot)
  .extend('autoBoot', true as boolean)
  .extend('needs', {} as Needs)
  .extend('directory', ({ task }) => testState(task).directory)
  .extend('testbed', async ({ appliance, topology, boot, autoBoot, needs, task, signal }): Promise<Testbed> => {
    const state = testState(task);
    const { config, root } = runFacts();
    const described = { ...config.appliance, ...appliance };
    const image = resolve(root, described.image);
    const request = { appliance: { ...described, image }, topology: resolveTopology(topology), boot, autoBoot, needs };
    return asAlpy(() => makeTestbed(request, state, signal));
  })
  .extend('dut', ({ testbed }) => testbed.dut)
  .extend('nodes', ({ testbed }) => testbed.nodes as unknown as PerLink<Node>)
  .extend('links', ({ testbed }) => testbed.links as unknown as PerLink<Link>)
  .extend('apps', ({ testbed }) => testbed.apps)
  .extend('capture', ({ testbed }) => (link: number): Capture => {
    const found = testbed.links[link];
    if (!found) throw new RangeError(`there is no link ${link}: the topology has ${testbed.links.length}`);
    return found.capture;
  })
  .extend(
    'step',
    () =>
      <T>(title: string, body: () => Promise<T>): Promise<T> =>
        track(
          () => `step(${shown(title)})`,
          () => runStep('test', title, body),
          (run) => run(), // the calls in it are the test's
        ),
  );
