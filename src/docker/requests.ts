// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncLocalStorage } from 'node:async_hooks';
import type Dockerode from 'dockerode';

/** How long the daemon may take to begin an answer, in `ms`, by default. */
const answerTimeoutMs = 120_000;

/** The part of a request of the client's modem that is used here. */
interface Request {
  readonly path: string;
  /** an upload, which has no time limit */
  readonly file?: unknown;
  /** set by callers that may abort even after the answer has begun */
  readonly abortSignal?: AbortSignal | undefined;
}

type Answered = (error: unknown, answer?: unknown) => void;

interface Modem {
  dial: (request: Request, answered: Answered) => void;
}

/** A connection that stays open after the answer: an event stream or a container's streams. */
interface OpenStream {
  destroy: () => void;
  once: (event: 'close', listener: () => void) => void;
}

/**
 * All requests of a client of the Engine API. Each is aborted when its deadline passes, when the caller's signal fires, when
 * the daemon counts as lost, and on disposal. Otherwise a request that nothing awaits would keep the process alive until
 * the daemon answers.
 */
export class Requests implements Disposable {
  readonly #signal = new AsyncLocalStorage<AbortSignal | undefined>();
  readonly #givenUp = new AbortController();
  /** ends the requests that have no answer yet */
  #pending = new AbortController();
  readonly #streams = new Set<OpenStream>();

  /** Intercepts the requests of `docker`. */
  constructor(docker: Dockerode) {
    const modem = docker.modem as Modem;
    const dial = modem.dial.bind(modem);
    modem.dial = (request, answered) => {
      this.#send(dial, request, answered);
    };
  }

  /** Runs `body`. When the signal fires, requests of `body` that have no answer yet are aborted. */
  until<T>(signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
    return this.#signal.run(signal, body); // even without a signal, so that the signal of an outer call does not apply
  }

  /** Rejects all requests without an answer. */
  failPending(reason: Error): void {
    this.#pending.abort(reason);
    this.#pending = new AbortController();
  }

  /** Rejects all requests without an answer and all further ones, and closes all streams. */
  giveUp(reason: Error): void {
    this.#givenUp.abort(reason);
    for (const stream of this.#streams) stream.destroy();
  }

  [Symbol.dispose](): void {
    this.giveUp(new Error('the connection to the Docker daemon was closed'));
  }

  #send(dial: Modem['dial'], request: Request, answered: Answered): void {
    const { abortSignal, file } = request;
    const unanswered = new AbortController();
    const abortWith = (reason: unknown) => (): void => {
      unanswered.abort(reason);
    };
    const late = new Error(`no answer to ${request.path.replace(/\?.*/, '')} within ${answerTimeoutMs / 1000} s`);
    const timer = abortSignal || file !== undefined ? undefined : setTimeout(abortWith(late), answerTimeoutMs).unref();
    const signals = [this.#signal.getStore(), this.#givenUp.signal, this.#pending.signal].filter(
      (signal) => signal !== undefined,
    );
    const listeners = signals.map((signal) => {
      const listener = (): void => {
        unanswered.abort(signal.reason);
      };
      if (signal.aborted) listener();
      else signal.addEventListener('abort', listener, { once: true });
      return { signal, listener };
    });
    const signal = abortSignal ? AbortSignal.any([abortSignal, unanswered.signal]) : unanswered.signal;
    let isSettled = false;
    const settle: Answered = (error, answer) => {
      if (isSettled) {
        if (isStream(answer)) answer.destroy(); // it came too late
        return;
      }
      isSettled = true;
      clearTimeout(timer);
      for (const { signal: source, listener } of listeners) source.removeEventListener('abort', listener);
      if (isStream(answer)) this.#track(answer);
      // the client's own error only says that the request was aborted
      answered(error && signal.aborted ? signal.reason : error, answer);
    };
    // the client never settles a request whose connection broke in the middle of the answer
    unanswered.signal.addEventListener('abort', () => {
      settle(unanswered.signal.reason);
    });
    dial({ ...request, abortSignal: signal }, settle);
  }

  #track(stream: OpenStream): void {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    if (this.#givenUp.signal.aborted) stream.destroy();
  }
}

function isStream(answer: unknown): answer is OpenStream {
  return typeof answer === 'object' && answer !== null && 'destroy' in answer && 'once' in answer;
}
