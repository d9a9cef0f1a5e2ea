// SPDX-License-Identifier: GPL-3.0-or-later
import { ChildProcess } from 'node:child_process';
import { ForksPoolWorker, version, type PoolOptions, type PoolRunnerInitializer } from 'vitest/node';
import { BugError } from '../core/errors.ts';
import { isClosed, isReady } from './ready.ts';

/** Takes a message of a worker. @returns false if it is not alpy's */
export type MessageListener = (message: unknown) => boolean;

/**
 * The worker processes of a run. Vitest can cancel tests only in a worker that has loaded its runner: an earlier message is lost,
 * and all tests of the worker would run. Such workers are killed, and so are others that take too long after a cancellation.
 */
export class TestWorkers {
  /** for Vitest's option `pool` */
  readonly pool: PoolRunnerInitializer = {
    name: 'alpy',
    createPoolWorker: (options) => {
      const worker = new TestWorker(options, this);
      this.#workers.add(worker);
      return worker;
    },
  };
  readonly onMessage: MessageListener;
  readonly onStart: (pid: number) => void;
  readonly #workers = new Set<TestWorker>();
  #isStopping = false;

  /**
   * @param onMessage - takes messages of workers that are not Vitest's
   * @param onStart - called with the PID of each worker
   */
  constructor(onMessage: MessageListener = () => false, onStart: (pid: number) => void = () => undefined) {
    this.onMessage = onMessage;
    this.onStart = onStart;
  }

  /** whether new workers are killed */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** whether all workers have ended everything that they started; one that was killed, or whose file has no test to run, has not */
  get areClosed(): boolean {
    return [...this.#workers].every((worker) => worker.isClosed);
  }

  /** Kills workers that Vitest cannot cancel yet, now and when they are started. */
  killUnready(): void {
    this.#isStopping = true;
    for (const worker of this.#workers) if (!worker.isReady) worker.kill();
  }

  /** Kills all workers. */
  killAll(): void {
    this.#isStopping = true;
    for (const worker of this.#workers) worker.kill();
  }
}

/** Vitest's worker process, extended so that it can be killed. */
class TestWorker extends ForksPoolWorker {
  override readonly name = 'alpy';
  readonly #workers: TestWorkers;
  #isReady = false;
  #isClosed = false;

  constructor(options: PoolOptions, workers: TestWorkers) {
    super(options);
    this.#workers = workers;
  }

  /** whether Vitest can cancel its tests */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** whether it has ended everything that it started */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  override async start(): Promise<void> {
    await super.start();
    const { pid } = assertProcess(this.#child);
    if (pid !== undefined) this.#workers.onStart(pid);
    if (this.#workers.isStopping) this.kill();
  }

  /** Without this, Vitest waits for ever for the exit of a process that a signal has already ended. */
  override async stop(): Promise<void> {
    if (typeof this.#child?.signalCode === 'string') return;
    await super.stop();
  }

  override deserialize(data: unknown): unknown {
    if (isReady(data)) this.#isReady = true;
    else if (isClosed(data)) this.#isClosed = true;
    else if (!this.#workers.onMessage(data)) return super.deserialize(data);
    return {};
  }

  /** Kills the process. Everything that it started ends with it. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** a private property of Vitest's: the public ones neither give the process nor kill it at once; absent while it does not run */
  get #child(): ChildProcess | undefined {
    return Reflect.get(this, '_fork');
  }
}

/**
 * Returns the process of a worker that was just started.
 * @throws BugError if this version of Vitest keeps it elsewhere
 */
export function assertProcess(child: unknown): ChildProcess {
  if (child instanceof ChildProcess) return child;
  throw new BugError(
    `expected the process of a test file in Vitest's worker, got ${typeof child}: alpy does not support Vitest ${version}. Install the version that alpy's package.json names`,
  );
}
