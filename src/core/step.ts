// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncLocalStorage } from 'node:async_hooks';
import { messageOf } from './errors.ts';

/** What happened in a testbed, in order: steps begin and end, lines are logged. The stream that all reports read. */
export type StepEvent =
  | { readonly kind: 'begin'; readonly path: readonly string[]; readonly source: string; readonly timeMs: number }
  | {
      readonly kind: 'end';
      readonly path: readonly string[];
      readonly source: string;
      readonly timeMs: number;
      /** how long the step took, in `ms` */
      readonly durationMs: number;
      /** message of the error that ended the step, absent when it went well */
      readonly error?: string;
    }
  | {
      readonly kind: 'log';
      readonly path: readonly string[];
      readonly source: string;
      readonly timeMs: number;
      readonly text: string;
    };

/** Takes events; must neither throw nor wait. */
export type StepSink = (event: StepEvent) => void;

interface Scope {
  readonly path: readonly string[];
  readonly sink: StepSink;
}

const scope = new AsyncLocalStorage<Scope>();
const silent: Scope = { path: [], sink: () => undefined };

/** Runs `body` with `sink` as the receiver of its steps. */
export function withSink<T>(sink: StepSink, body: () => Promise<T>): Promise<T> {
  return scope.run({ path: [], sink }, body);
}

/**
 * Sends the steps of the current asynchronous context, and of all that it starts from now on, to `sink`. For fixtures,
 * whose set-up and test body do not nest.
 */
export function enterSink(sink: StepSink): void {
  scope.enterWith({ path: [], sink });
}

/**
 * Runs `body` as a step of the report. Steps inside `body` become its children, also when they run in parallel.
 * @param source - who does it: `alpy.qemu`, `rabbit`, …
 * @param title - imperative, as it shall stand in the report: "Start QEMU"
 * @throws what `body` throws; the step's end event carries the message
 */
export async function step<T>(source: string, title: string, body: () => Promise<T>): Promise<T> {
  const { path: outer, sink } = scope.getStore() ?? silent;
  const path = [...outer, title];
  const startMs = performance.now();
  sink({ kind: 'begin', path, source, timeMs: Date.now() });
  let failure: { readonly error?: string } = {};
  try {
    return await scope.run({ path, sink }, body);
  } catch (caught) {
    failure = { error: messageOf(caught) };
    throw caught;
  } finally {
    sink({ kind: 'end', path, source, timeMs: Date.now(), durationMs: performance.now() - startMs, ...failure });
  }
}

/** Adds a line to the log of the current step. */
export function log(source: string, text: string): void {
  const { path, sink } = scope.getStore() ?? silent;
  sink({ kind: 'log', path, source, timeMs: Date.now(), text });
}

/** Adds a line to the log that belongs to no step: what happens of itself, such as the end of a container. */
export function logUnscoped(source: string, text: string): void {
  const { sink } = scope.getStore() ?? silent;
  sink({ kind: 'log', path: [], source, timeMs: Date.now(), text });
}
