// SPDX-License-Identifier: GPL-3.0-or-later
import { addNotes } from './errors.ts';
import { markHandled } from './mark-handled.ts';
import { longestTimerMs, timeoutSignal } from './timeout-signal.ts';

/** How long to wait, and what can end the wait early. */
export interface Wait {
  /** longest wait, in `ms` */
  readonly timeoutMs: number;
  /** ends the wait early; its reason is thrown */
  readonly signal?: AbortSignal | undefined;
}

/** A signal that fires at a time, in `ms` since 1970, but after 24 days at the latest. */
export function signalAt(timeMs: number): AbortSignal {
  return AbortSignal.timeout(Math.min(longestTimerMs, Math.max(0, Math.ceil(timeMs - Date.now()))));
}

/** The wait alone, of options that say more. */
export function waitOf({ timeoutMs, signal }: Wait): Wait {
  return { timeoutMs, signal };
}

/**
 * Is called when a deadline has passed. Returns an error if something else explains the delay, such as a Docker daemon that did
 * not answer. Must return within a few seconds.
 * @param startMs - when the wait began, by the clock of `performance.now`
 */
export type Witness = (startMs: number) => Promise<Error | undefined>;

const witnesses = new Set<Witness>();
const blamed = new WeakSet<Error>();

/** Calls a witness for every missed deadline of this process, until the result is disposed. */
export function addWitness(witness: Witness): Disposable {
  witnesses.add(witness);
  return { [Symbol.dispose]: () => witnesses.delete(witness) };
}

/** Asks the witnesses about a wait that began at `startMs` and missed its deadline. Returns the first error that they give. */
export async function blameFor(startMs: number): Promise<Error | undefined> {
  const answers = await Promise.all([...witnesses].map((witness) => witness(startMs)));
  const error = answers.find((answer) => answer !== undefined);
  if (error) blamed.add(error);
  return error;
}

/** Whether an error comes from a witness of a missed deadline. A task that retries may ignore such errors. */
export function isBlame(error: unknown): boolean {
  return error instanceof Error && blamed.has(error);
}

/**
 * Runs `body` with a signal that fires at the deadline or when the caller's signal fires, whichever is first.
 * @param wait - the deadline and the caller's signal
 * @param onTimeout - creates the error for a missed deadline; called only if the deadline fired and no {@link Witness} has
 *   another explanation
 * @param body - the work; it must end soon after its signal fires
 * @throws the error of `onTimeout` or of a witness; the reason of `wait.signal`; any other error of `body`
 */
export async function withDeadline<T>(
  wait: Wait,
  onTimeout: (cause: unknown) => Error,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  wait.signal?.throwIfAborted();
  const startMs = performance.now();
  using limit = timeoutSignal(wait.timeoutMs);
  const timeout = limit.signal;
  const signal = wait.signal ? AbortSignal.any([wait.signal, timeout]) : timeout;
  try {
    return await raceWithSignal(body(signal), signal);
  } catch (error) {
    if (wait.signal?.aborted) throw wait.signal.reason;
    if (!timeout.aborted || error !== timeout.reason) throw error;
    const endMs = performance.now();
    const asked = blameFor(startMs);
    throw (await raceWithSignal(asked, wait.signal)) ?? noteWait(onTimeout(error), startMs, endMs);
  }
}

/** Lets the runner find out whether this machine was overloaded during the wait. */
function noteWait(error: Error, startMs: number, endMs: number): Error {
  addNotes(error, { waitedMs: [startMs, endMs] });
  return error;
}

/** Calls `listener` when the signal fires, or at once if it has fired already. */
export function whenAborted(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
}

/** Starts the clock of a task that consists of several waits. The function that it returns gives the limit of the next wait. */
export function countDown({ timeoutMs, signal }: Wait): () => Wait {
  const endMs = performance.now() + timeoutMs;
  return () => ({ timeoutMs: Math.max(0, Math.ceil(endMs - performance.now())), signal });
}

/**
 * Settles like `promise`, or rejects with the signal's reason as soon as the signal fires; `promise` itself goes on.
 * @param signal - if undefined, nothing but `promise` decides
 */
export async function raceWithSignal<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(signal.reason);
  };
  whenAborted(signal, onAbort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    markHandled(promise); // it lost the race, so nothing awaits it any more
  }
}
