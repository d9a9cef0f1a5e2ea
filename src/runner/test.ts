// SPDX-License-Identifier: GPL-3.0-or-later
/// <reference types="node" preserve="true" />
/** The module that tests import: Vitest's API, with a separate testbed for each test. @module alpy/test */
import { existsSync } from 'node:fs';
import { test as base } from 'vitest';
import { step as runStep } from '../core/step.ts';
import type { Capture } from '../capture/index.ts';
import type { Node } from '../network/index.ts';
import type { Config } from '../config/index.ts';
import { checkOverrides, overriddenDevices } from '../config/overrides.ts'; // not the whole folder, which takes long to load
import { resolveTopology, type maxLinks } from '../topology/index.ts';
import { captureOf } from './capture-of.ts';
import { checkOverridden } from './check-overridden.ts';
import { FailedBeforeError } from './failed-boots.ts';
import { makeTestbed } from './make-testbed.ts';
import type { Appliance, Dut, Link, Testbed } from '../testbed/index.ts';
import { asAlpy, shown, track } from './test-calls.ts';
import { check, type Needs } from './test-options.ts';
import { runFacts } from './worker-engine.ts';
import { testState } from './worker-state.ts';

export { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
export type { AlpyMatchers } from './matchers.ts';
export type { MatcherOptions, Needs, RecoveryOptions, SeenOptions } from './test-options.ts';
export { probe } from './probe.ts';
export type { Flow, FlowGap, ProbeReport, ProbeOptions } from '../network/index.ts';

/**
 * Items in the order of the topology, which can also be found by name: `const [left, right] = duts`, or `duts.left`. The type is as
 * long as the largest topology, so that destructuring gives `T`; items beyond the test's topology are `undefined`.
 */
export type PerLink<T> = readonly T[] & TupleOf<T, typeof maxLinks> & Readonly<Record<string, T>>;

type TupleOf<T, Length extends number, Items extends readonly T[] = readonly []> = Items['length'] extends Length
  ? Items
  : TupleOf<T, Length, readonly [...Items, T]>;

/** The fixtures of {@link test}. */
interface TestFixtures {
  /** overrides values of the configuration */
  readonly appliance: Partial<Appliance>;
  readonly topology: Config['topology'];
  /** `cold`: the guest boots; `snapshot`: it is restored as it was after its boot */
  readonly boot: Config['boot'];
  /** false: the test starts the guest */
  readonly autoBoot: boolean;
  readonly needs: Needs;
  /** folder for the test's files, kept with its reports */
  readonly directory: string;
  readonly testbed: Testbed;
  /** the only device under test, or the first, logged in if its appliance has `login` */
  readonly dut: Dut;
  /** by name and in order */
  readonly duts: PerLink<Dut>;
  /** by name and in order; in a short topology, one per NIC */
  readonly nodes: PerLink<Node>;
  /** by name and in order, segments after links; in a short topology, one per NIC */
  readonly links: PerLink<Link>;
  /** starts programs in containers beside nodes */
  readonly apps: Testbed['apps'];
  /** starts servers beside nodes: DHCP, DNS, HTTP, TFTP, NTP, syslog, RADIUS */
  readonly services: Testbed['services'];
  /** the capture of a link, by its number or name */
  readonly capture: (link: number | string) => Capture;
  /** `step('Title', body)` shows a part of the test in logs and reports */
  readonly step: <T>(title: string, body: () => Promise<T>) => Promise<T>;
}

/**
 * Vitest's `test` with fixtures. Each test has its own testbed. Its guest is as it was after the boot of the unmodified image:
 *
 * - `dut`: the only device under test, or the first, logged in if its appliance has `login`
 * - `duts`: the devices under test, by name and in order
 * - `nodes`, `links`: by name and in order; in a short topology, one per NIC
 * - `apps`: starts programs in containers beside nodes
 * - `services`: starts servers beside nodes: DHCP, DNS, HTTP, TFTP, NTP, syslog, RADIUS
 * - `capture`: the capture of a link, by its number or name
 * - `step`: `step('Title', body)` shows a part of the test in logs and reports
 * - `directory`: folder for the test's files, kept with its reports
 *
 * `test.override` can set for a file or a `describe`: `appliance` (overrides values of the configuration), `topology`, `boot`
 * (`cold`: the guest boots; `snapshot`: it is restored as it was after its boot), `autoBoot` (false: the test starts the guest),
 * and `needs` (`exclusive`, `memoryMiB`).
 */
// All fixtures in one call: Vitest looks for the line of a test in ten frames, and each call of `extend` takes one of them.
export const test = base.extend<TestFixtures>({
  appliance: {},
  topology: ({}, use) => use(runFacts().config.topology),
  boot: ({}, use) => use(runFacts().config.boot),
  autoBoot: true,
  needs: {},
  directory: ({ task }, use) => use(testState(task).directory),
  testbed: async ({ appliance, topology, boot, autoBoot, needs, task, signal, skip }, use) => {
    const state = testState(task);
    state.isSetUp = false;
    const { config, root } = runFacts();
    checkOverrides({ appliance, topology, boot }, Object.keys(config.appliances));
    check.override([needs, autoBoot]);
    const { devices, topology: wired } = overriddenDevices(config, { appliance, topology }, root, existsSync);
    const appliances = devices.map((device) => device.appliance);
    const request = { appliances, topology: resolveTopology(wired, devices), boot, autoBoot, needs };
    const testbed = await asAlpy(() => makeTestbed(request, state, signal)).catch((error: unknown) => {
      // at a later attempt, a skip would hide the failure of an earlier one
      if (!(error instanceof FailedBeforeError) || state.attempt > 0) throw error;
      task.meta.alpyNotRun = true;
      return skip(error.skipReason);
    });
    state.isSetUp = true;
    await use(testbed);
  },
  dut: ({ testbed }, use) => use(testbed.dut),
  duts: ({ testbed }, use) => use(testbed.duts as unknown as PerLink<Dut>),
  nodes: ({ testbed }, use) => use(testbed.nodes as unknown as PerLink<Node>),
  links: ({ testbed }, use) => use(testbed.links as unknown as PerLink<Link>),
  apps: ({ testbed }, use) => use(testbed.apps),
  services: ({ testbed }, use) => use(testbed.services),
  capture: ({ testbed }, use) =>
    use((link) => {
      check.capture([link]);
      return captureOf(testbed.links, link);
    }),
  step: ({}, use) =>
    use((title, body) =>
      track(
        () => `step(${shown(title)})`,
        async () => {
          check.step([title, body]);
          return await runStep('test', title, body);
        },
        (run) => run(), // the calls in it are the test's
      ),
    ),
});

const fixtureNames: Readonly<Record<keyof TestFixtures, true>> = {
  appliance: true,
  topology: true,
  boot: true,
  autoBoot: true,
  needs: true,
  directory: true,
  testbed: true,
  dut: true,
  duts: true,
  nodes: true,
  links: true,
  apps: true,
  services: true,
  capture: true,
  step: true,
};
checkOverridden(test, Object.keys(fixtureNames));
