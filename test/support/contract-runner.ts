// SPDX-License-Identifier: GPL-3.0-or-later
// GitLab Runner's side of the custom executor, version 19.4.0: what it calls, with which environment, and how it handles the results.
// Source: gitlab-org/gitlab-runner 19.4.0, executors/custom, common/build.go, shells/abstract.go; see test/support/runner.
import { EventEmitter, once } from 'node:events';
import { runBuild } from './runner/build.ts';
import type { DriverCall, RunnerOptions } from './runner/custom-executor.ts';
import { failureOf, JobFailure, type FailureReason } from './runner/failure.ts';
import type { JobPayload } from './runner/payload.ts';

/** How a job ended. */
export interface JobResult {
  readonly status: 'success' | 'failed';
  readonly failureReason?: FailureReason;
  /** what `allow_failure:exit_codes` compares; only with `script_failure` */
  readonly exitCode?: number;
  /** the job's log */
  readonly log: string;
  /** number of attempts to prepare */
  readonly attempts: number;
  /** all calls of the driver in order */
  readonly calls: readonly DriverCall[];
}

/** A running job. */
export class RunningJob {
  readonly payload: JobPayload;
  readonly result: Promise<JobResult>;
  readonly #events = new EventEmitter();
  readonly #abort = new AbortController();
  readonly #calls: DriverCall[] = [];
  readonly #begun: string[] = [];
  #log = '';
  #attempts = 0;
  #isOver = false;
  #cancel: () => void;

  private constructor(payload: JobPayload, optionsOf: (attempt: number) => RunnerOptions) {
    this.payload = payload;
    this.#cancel = () => {
      this.abort();
    };
    this.result = this.#run(optionsOf);
  }

  /** Starts a job. @param optionsOf - the runner's configuration for each attempt to prepare: 1, 2, 3 */
  static start(payload: JobPayload, optionsOf: (attempt: number) => RunnerOptions): RunningJob {
    return new RunningJob(payload, optionsOf);
  }

  /** The job's log so far. */
  get log(): string {
    return this.#log;
  }

  /** A user cancels the job: GitLab answers `canceling`. If a script runs, the stages after the scripts still run. */
  cancel(): void {
    this.#cancel();
  }

  /** GitLab drops the job: it answers `canceled` or 404. Only cleanup still runs. */
  abort(): void {
    this.#abort.abort(new JobFailure('canceled', 'canceled'));
  }

  /** Waits until the log matches. @throws Error when the job ends before that */
  async printed(pattern: RegExp): Promise<void> {
    await this.#until(() => pattern.test(this.#log), `printing ${String(pattern)}`);
  }

  /** Waits until the driver is called for a stage or sub-stage. @throws Error when the job ends before that */
  async began(name: string): Promise<void> {
    await this.#until(() => this.#begun.includes(name), `a call of ${name}`);
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (this.#isOver) throw new Error(`the job ended without ${what}:\n${this.#log}`);
      await once(this.#events, 'change');
    }
  }

  async #run(optionsOf: (attempt: number) => RunnerOptions): Promise<JobResult> {
    const { timeout } = this.payload.runner_info;
    const timer = setTimeout(() => {
      this.#abort.abort(new JobFailure(`execution took longer than ${timeout}s seconds`, 'job_execution_timeout'));
    }, timeout * 1000);
    const notify = (): void => void this.#events.emit('change');
    const failure = await runBuild(this.payload, optionsOf, {
      signal: this.#abort.signal,
      onCancel: (cancel) => {
        this.#cancel = cancel;
      },
      attempt: () => {
        this.#attempts += 1;
      },
      log: (text) => {
        this.#log += text;
        notify();
      },
      began: (name) => {
        this.#begun.push(name);
        notify();
      },
      ended: (call) => void this.#calls.push(call),
    }).then(() => undefined, failureOf);
    clearTimeout(timer);
    this.#log += failure ? `ERROR: Job failed: ${failure.message}\n` : 'Job succeeded\n';
    this.#isOver = true;
    notify();
    return this.#resultOf(failure);
  }

  #resultOf(failure: JobFailure | undefined): JobResult {
    const facts = { log: this.#log, attempts: this.#attempts, calls: this.#calls };
    if (!failure) return { status: 'success', ...facts };
    const { reason: failureReason, exitCode } = failure;
    return { status: 'failed', failureReason, ...(exitCode === undefined ? {} : { exitCode }), ...facts };
  }
}
