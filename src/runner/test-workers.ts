// SPDX-License-Identifier: GPL-3.0-or-later
import type { ChildProcess } from 'node:child_process';
import { ForksPoolWorker, type PoolOptions, type PoolRunnerInitializer } from 'vitest/node';
import { isReady } from './ready.ts';

/**
 * The worker processes of a run. Vitest can cancel tests only in a worker that has loaded its runner: what it sends to others
 * before is lost, and all their tests would run. So those are killed instead, and those that can be cancelled when they take too long.
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
  readonly #workers = new Set<TestWorker>();
  #isStopping = false;

  /** whether no further worker may begin */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Kills those that Vitest cannot cancel yet, now and when they are started. */
  killUnready(): void {
    this.#isStopping = true;
    for (const worker of this.#workers) if (!worker.isReady) worker.kill();
  }

  /** Kills all. */
  killAll(): void {
    this.#isStopping = true;
    for (const worker of this.#workers) worker.kill();
  }
}

/** Vitest's worker process, which can be killed. */
class TestWorker extends ForksPoolWorker {
  override readonly name = 'alpy';
  readonly #workers: TestWorkers;
  #isReady = false;

  constructor(options: PoolOptions, workers: TestWorkers) {
    super(options);
    this.#workers = workers;
  }

  /** whether it can be cancelled */
  get isReady(): boolean {
    return this.#isReady;
  }

  override async start(): Promise<void> {
    await super.start();
    if (this.#workers.isStopping) this.kill();
  }

  /** Vitest waits for the exit of a process that a signal has ended already, and so for ever. */
  override async stop(): Promise<void> {
    if (typeof this.#child?.signalCode === 'string') return;
    await super.stop();
  }

  override deserialize(data: unknown): unknown {
    if (!isReady(data)) return super.deserialize(data);
    this.#isReady = true;
    return {};
  }

  /** It holds nothing that does not end with it. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Vitest keeps it to itself. */
  get #child(): ChildProcess | undefined {
    return Reflect.get(this, '_fork');
  }
}
