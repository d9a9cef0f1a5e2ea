// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises'; // imported here: a test may replace the global one with a fake
import { AlpyError } from '../core/errors.ts';
import { frameText, userFrames } from '../core/stack.ts';

/** The body of a test ended while a call was still pending: an `await` is missing. */
export class PendingCallError extends AlpyError {
  readonly code = 'ALPY_PENDING_CALL';
  readonly fault = 'usage';

  constructor(call: Call) {
    super(`${call.name} was still pending when the test ended: is an await missing?`);
    this.stack = [`${this.name}: ${this.message}`, ...siteOf(call)].join('\n');
  }
}

interface Call {
  readonly name: string;
  /** created at the call; its stack costs little until it is read */
  readonly at: Error;
}

/** The calls to alpy in the body of one test, and the errors that nothing in it has caught. */
export class TestCalls {
  /** file and name of the test */
  readonly test: string;
  readonly #pending = new Set<Call>();
  readonly #calls = new WeakMap<Promise<unknown>, Call>();
  readonly #rejections = new Map<Promise<unknown>, unknown>();
  readonly #exceptions: unknown[] = [];
  #state: 'running' | 'ended well' | 'ended badly' = 'running';

  constructor(test: string) {
    this.test = test;
  }

  /** Adds a call. @returns the promise to return to the test instead of `promise` */
  add<T>(call: Call, promise: Promise<T>): Promise<T> {
    if (this.#state !== 'running') return promise;
    this.#pending.add(call);
    const watched = promise.then(
      (result) => {
        this.#pending.delete(call);
        return result;
      },
      (reason: unknown) => {
        this.#pending.delete(call);
        throw addSite(reason, call);
      },
    );
    this.#calls.set(watched, call);
    return watched;
  }

  /** Takes an unhandled rejection. @returns false if it is not an error of this test */
  takeRejection(promise: Promise<unknown>, reason: unknown): boolean {
    if (this.#state === 'running') this.#rejections.set(promise, reason);
    return this.#state !== 'ended well'; // calls that were pending when the test failed reject now; the failure has been reported
  }

  /** Takes an exception that nothing has caught. @returns false if the test has ended */
  takeException(error: unknown): boolean {
    if (this.#state === 'running') this.#exceptions.push(error);
    return this.#state === 'running';
  }

  /** Removes a rejection that was handled later than Node expected. */
  dropRejection(promise: Promise<unknown>): void {
    this.#rejections.delete(promise);
  }

  /**
   * Ends the tracking after the body has ended.
   * @param hasFailed - whether it failed: then pending calls are a consequence of that
   * @returns the errors to add to those of the test
   */
  async end(hasFailed: boolean): Promise<readonly unknown[]> {
    await nextTurn(); // Node reports a rejection after the current turn
    const rejected = [...this.#rejections].map(([promise, reason]) => this.#explained(promise, reason));
    const pending = hasFailed ? [] : [...this.#pending].map((call) => new PendingCallError(call));
    const errors = [...this.#exceptions, ...rejected, ...pending];
    this.#state = hasFailed || errors.length > 0 ? 'ended badly' : 'ended well';
    return errors;
  }

  /** Where the calls that are pending were made, as lines of a stack. */
  get pendingSites(): readonly string[] {
    return [...this.#pending].flatMap(siteOf);
  }

  /** Says that nothing awaited the call. */
  #explained(promise: Promise<unknown>, reason: unknown): unknown {
    const call = this.#calls.get(promise);
    if (!call || !(reason instanceof Error)) return reason;
    const { message } = reason;
    reason.message = `${message}\n(nothing awaited ${call.name}: is an await missing?)`;
    reason.stack = (reason.stack ?? '').replace(message, () => reason.message); // otherwise the stack would show the old one
    return reason;
  }
}

/** Adds the place of a call to its error: a stack from inside alpy often does not reach the test. */
function addSite(reason: unknown, call: Call): unknown {
  if (!(reason instanceof Error) || userFrames(reason.stack ?? '', reason.message).length > 0) return reason;
  reason.stack = [reason.stack ?? `${reason.name}: ${reason.message}`, ...siteOf(call)].join('\n');
  return reason;
}

/** The user's lines of the stack of a call. */
function siteOf({ at }: Call): readonly string[] {
  return userFrames(at.stack ?? '', at.message).map((frame) => `    ${frameText(frame)}`);
}

/** Whether the test's code runs, or alpy's, whose calls the test need not await. */
interface Scope {
  readonly calls: TestCalls;
  readonly isInside: boolean;
}

const scope = new AsyncLocalStorage<Scope>();

/** Runs the body of a test. */
export function withCalls<T>(calls: TestCalls, body: () => Promise<T>): Promise<T> {
  return scope.run({ calls, isInside: false }, body);
}

/** Runs alpy's own work for a test; its calls do not count as the test's. */
export function asAlpy<T>(body: () => T): T {
  const store = scope.getStore();
  return store ? scope.run({ ...store, isInside: true }, body) : body();
}

/** Returns the test to which the running code belongs. */
export function currentCalls(): TestCalls | undefined {
  return scope.getStore()?.calls;
}

/**
 * Makes a call for the current test, if the test itself makes it.
 * @param name - as messages show it
 * @param run - runs the body; default: as alpy's own
 */
export function track<T>(name: () => string, body: () => T, run: (body: () => T) => T = asAlpy): T {
  const store = scope.getStore();
  if (!store || store.isInside) return body();
  const at = new Error('call');
  const result = run(body);
  return result instanceof Promise ? (store.calls.add({ name: name(), at }, result) as T) : result;
}

/**
 * Tracks a test's calls to the methods of a class.
 * @param prototype - of the class
 * @param label - how messages call an object of the class: `node0`
 * @param names - of the methods; default: all
 */
export function trackMethods<T extends object>(
  prototype: T,
  label: (object: T) => string,
  names: readonly string[] = Object.getOwnPropertyNames(prototype),
): void {
  for (const name of names.filter((one) => one !== 'constructor')) {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value; // does not call accessors
    if (typeof method !== 'function') continue;
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: T, ...args: readonly unknown[]): unknown {
        return track(
          () => `${label(this)}.${name}(${shown(args[0])})`,
          () => Reflect.apply(method, this, args) as unknown,
        );
      },
    });
  }
}

const maxShown = 60;

/** An argument as messages show it, if it helps to recognise the call. */
export function shown(argument: unknown): string {
  const isWords = Array.isArray(argument) && argument.every((word) => typeof word === 'string');
  const text = isWords ? argument.join(' ') : argument;
  if (text instanceof RegExp) return String(text);
  if (typeof text !== 'string') return text === undefined ? '' : '…';
  return `'${text.length > maxShown ? `${text.slice(0, maxShown)}…` : text}'`;
}
