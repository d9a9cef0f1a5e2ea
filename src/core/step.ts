// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { messageOf } from './errors.ts';

/** What kinds of steps there are, for programs: they match on the category, never on the title. `step` is any other step. */
export const stepCategories = [
  'step',
  'testbed.setup',
  'testbed.boot',
  'testbed.ready',
  'testbed.teardown',
  'snapshot.make',
  'snapshot.save',
] as const;

/** One of {@link stepCategories}. */
export type StepCategory = (typeof stepCategories)[number];

/** What a step is; its first and its last event both say so. */
interface Step {
  /** unique, also among the events of several processes */
  readonly id: string;
  /** id of the enclosing step; absent for an outermost step */
  readonly parentId?: string;
  readonly category: StepCategory;
  /** for people */
  readonly title: string;
  /** who does it: `alpy.qemu`, `rabbit`, … */
  readonly source: string;
}

/** What happened in a testbed, in order: steps begin and end, lines are logged. All reports read this stream. */
export type StepEvent =
  | (Step & {
      readonly kind: 'begin';
      /** wall-clock time, in `ms` since 1970 */
      readonly timeMs: number;
    })
  | (Step & {
      readonly kind: 'end';
      readonly timeMs: number;
      /** how long the step took by the monotonic clock, in `ms` */
      readonly durationMs: number;
      /** message of the error that ended the step; absent if it succeeded */
      readonly error?: string;
    })
  | {
      readonly kind: 'log';
      /** id of the step that the line belongs to; absent if it belongs to none */
      readonly stepId?: string;
      readonly source: string;
      readonly timeMs: number;
      readonly text: string;
    };

/** Receives events; must neither throw nor block. */
export type StepSink = (event: StepEvent) => void;

interface Scope {
  /** of the current step */
  readonly stepId?: string;
  readonly sink: StepSink;
}

const scope = new AsyncLocalStorage<Scope>();
const silent: Scope = { sink: () => undefined };

/** Runs `body` with `sink` as the receiver of its steps. */
export function withSink<T>(sink: StepSink, body: () => Promise<T>): Promise<T> {
  return scope.run({ sink }, body);
}

/** The receiver of the current steps, for work that began in another scope. */
export function currentSink(): StepSink {
  return (scope.getStore() ?? silent).sink;
}

/**
 * Runs `body` as a step of the report. Steps inside `body` become its children, also when they run in parallel.
 * @param source - who does it: `alpy.qemu`, `rabbit`, …
 * @param title - imperative, as the report should show it: "Start QEMU"
 * @throws what `body` throws; the step's end event carries the message
 */
export async function step<T>(source: string, title: string, body: () => Promise<T>): Promise<T> {
  return categorizedStep('step', source, title, body);
}

/** The same as {@link step} for a step that programs look for. */
export async function categorizedStep<T>(
  category: StepCategory,
  source: string,
  title: string,
  body: () => Promise<T>,
): Promise<T> {
  const { stepId: parentId, sink } = scope.getStore() ?? silent;
  const current = { id: newId(), ...(parentId === undefined ? {} : { parentId }), category, title, source };
  const startMs = performance.now();
  sink({ kind: 'begin', ...current, timeMs: Date.now() });
  let failure: { readonly error?: string } = {};
  try {
    return await scope.run({ stepId: current.id, sink }, body);
  } catch (caught) {
    failure = { error: messageOf(caught) };
    throw caught;
  } finally {
    sink({ kind: 'end', ...current, timeMs: Date.now(), durationMs: performance.now() - startMs, ...failure });
  }
}

/** Adds a line to the log of the current step. */
export function log(source: string, text: string): void {
  const { stepId, sink } = scope.getStore() ?? silent;
  sink({ kind: 'log', ...(stepId === undefined ? {} : { stepId }), source, timeMs: Date.now(), text });
}

/** Adds a line that belongs to no step, because it reports something that no step caused, such as the end of a container. */
export function logUnscoped(source: string, text: string): void {
  const { sink } = scope.getStore() ?? silent;
  sink({ kind: 'log', source, timeMs: Date.now(), text });
}

const idPrefix = randomBytes(4).toString('hex'); // a later process may append to the same file of events
let idCount = 0;

function newId(): string {
  idCount += 1;
  return `${idPrefix}-${idCount}`;
}
