// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestContext } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { Decoder } from '../capture/index.ts';
import { imageNamed } from '../images/resolved-image.ts';
import { fileKeysText, TestbedFactory, type Appliance, type Testbed } from '../testbed/index.ts';
import type { InspectedDisks } from '../qemu/index.ts';
import { Spares } from './spares.ts';
import { closeLifelines, runFacts, workerEngine, workerLifelines } from './worker-engine.ts';

type Task = TestContext['task'];

/** State of a running test. */
export interface TestState {
  /** full name, including those of the surrounding blocks */
  readonly test: string;
  /** absolute path of the folder for its files */
  readonly directory: string;
  /** how often the test was run before */
  readonly attempt: number;
  /** whether the test has its testbed; absent if it needs none */
  isSetUp?: boolean;
  /** its testbed, from when its creation begins */
  testbed?: Promise<Testbed>;
  /** claims the folder of the test that runs next in this worker, and returns its absolute path; `undefined` if that test is not certain */
  readonly nextDirectory?: () => string | undefined;
  /** its share of the machine, to be released after the testbed is torn down */
  lease?: Disposable;
}

const states = new WeakMap<Task, TestState>();
const disks = new Map<string, Promise<InspectedDisks>>();
let decoder: Decoder | undefined;
let spares: Spares | undefined;

/** What creates the testbeds of this worker's tests. */
export async function workerFactory(): Promise<TestbedFactory> {
  const { host, snapshots } = runFacts();
  const [engine, decoder] = [await workerEngine(), await workerDecoder()];
  return new TestbedFactory(engine, host, { snapshots, lifelines: workerLifelines(), decoder });
}

/** Returns this worker's decoder of captures, or `undefined` if containers cannot see files of this machine. */
async function workerDecoder(): Promise<Decoder | undefined> {
  const { host, testsDirectory } = runFacts();
  const { access, images } = host;
  if (access.kind === 'copy') return undefined;
  const place = { engine: await workerEngine(), image: imageNamed(images, 'qemu').reference, access, directory: testsDirectory };
  return (decoder ??= new Decoder(place));
}

/** This worker's testbed for its next test. */
export function workerSpares(): Spares {
  return (spares ??= new Spares(runFacts().scheduler));
}

/** Ends what outlives a test. */
export async function closeWorker(): Promise<void> {
  await spares?.[Symbol.asyncDispose]();
  const closing = decoder;
  decoder = undefined;
  await Promise.all([closeLifelines(), closing?.[Symbol.asyncDispose]()]);
}

/** Returns the disks and other files of an appliance, inspected at most once. */
export async function diskOf(appliance: Appliance): Promise<InspectedDisks> {
  const { config, disks: known } = runFacts();
  const key = fileKeysText(appliance);
  const own = config.devices.findIndex((device) => fileKeysText(device.appliance) === key);
  if (known[own]) return known[own];
  const found = disks.get(key) ?? (await workerFactory()).inspectDisk(appliance);
  disks.set(key, found);
  return found;
}

/** Stores the state of a test. */
export function setTestState(task: Task, state: TestState): void {
  states.set(task, state);
}

/** Forgets the state of a test that has ended: Vitest keeps the test until all tests of the file have ended. */
export function forgetTestState(task: Task): void {
  states.delete(task);
}

/**
 * Returns the state of a test.
 * @throws UsageError when the test was not started by `alpy run`
 */
export function testState(task: Task): TestState {
  const state = states.get(task);
  if (state === undefined) throw new UsageError(`the test "${task.name}" was not started by alpy run`);
  return state;
}
