// SPDX-License-Identifier: GPL-3.0-or-later
import { markHandled } from './mark-handled.ts';

/** How long a wait may take, and what else may end it. */
export interface Wait {
  /** how long to wait at most, in `ms` */
  readonly timeoutMs: number;
  /** ends the wait early; its reason is thrown */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asked when a deadline has passed: returns an error if something else was the reason why nothing came, such as a Docker
 * daemon that did not answer. It answers within a few seconds.
 * @param startMs - when the wait began, on the clock of `performance.now`
 */
export type Witness = (startMs: number) => Promise<Error | undefined>;

const witnesses = new Set<Witness>();
const blamed = new WeakSet<Error>();

/** Has every missed deadline of this process ask a witness, until the result is disposed of. */
export function addWitness(witness: Witness): Disposable {
  witnesses.add(witness);
  return { [Symbol.dispose]: () => witnesses.delete(witness) };
}

/** What a witness blames for a wait that began at `startMs` and has missed its deadline. */
export async function blameFor(startMs: number): Promise<Error | undefined> {
  const answers = await Promise.all([...witnesses].map((witness) => witness(startMs)));
  const error = answers.find((answer) => answer !== undefined);
  if (error) blamed.add(error);
  return error;
}

/** Whether an error is what a witness blames for a missed deadline: a task that tries several times may go on all the same. */
export function isBlame(error: unknown): boolean {
  return error instanceof Error && blamed.has(error);
}

/**
 * Runs `body` with a signal that fires at the deadline or when the caller's own signal does, whichever is first.
 * @param wait - the deadline and the caller's signal
 * @param onTimeout - makes the error for a missed deadline; called only when it was the deadline that fired, and nothing
 *   else is to blame
 * @param body - the work; it must end soon after its signal fires
 * @throws what `onTimeout` makes, or what a {@link Witness} blames; the reason of `wait.signal`; or what `body` throws of
 *   itself
 */
export async function withDeadline<T>(
  wait: Wait,
  onTimeout: (cause: unknown) => Error,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  wait.signal?.throwIfAborted();
  const startMs = performance.now();
  const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(wait.timeoutMs)));
  const signal = wait.signal ? AbortSignal.any([wait.signal, timeout]) : timeout;
  try {
    return await raceWithSignal(body(signal), signal);
  } catch (error) {
    if (wait.signal?.aborted) throw wait.signal.reason;
    if (!timeout.aborted || error !== timeout.reason) throw error;
    const asked = blameFor(startMs);
    throw (await raceWithSignal(asked, wait.signal)) ?? onTimeout(error);
  }
}

/** Calls `listener` when the signal fires, or at once if it has. */
export function whenAborted(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
}

/** Starts the time of a task in several parts; the function it returns says how long the next part may take. */
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
