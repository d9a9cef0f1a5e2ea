// SPDX-License-Identifier: GPL-3.0-or-later
// GitLab Runner's side of the custom executor, 19.4.0: what it calls, with which environment, and how it takes what comes back.
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
  /** that `allow_failure:exit_codes` compares; only of `script_failure` */
  readonly exitCode?: number;
  /** what GitLab shows */
  readonly log: string;
  /** how often it was prepared */
  readonly attempts: number;
  /** all calls of the driver, in their order */
  readonly calls: readonly DriverCall[];
}

/** A job that runs. */
export class RunningJob {
  readonly payload: JobPayload;
  readonly result: Promise<JobResult>;
  readonly #news = new EventEmitter();
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

  /** @param optionsOf - what the runner is told, for each attempt to prepare: 1, 2, 3 */
  static start(payload: JobPayload, optionsOf: (attempt: number) => RunnerOptions): RunningJob {
    return new RunningJob(payload, optionsOf);
  }

  /** What GitLab shows so far. */
  get log(): string {
    return this.#log;
  }

  /** Somebody presses cancel: GitLab says `canceling`. While the scripts run, what comes after them is still done. */
  cancel(): void {
    this.#cancel();
  }

  /** GitLab does not want the job any more: it says `canceled`, or 404. Only the clean-up is still done. */
  abort(): void {
    this.#abort.abort(new JobFailure('canceled', 'canceled'));
  }

  /** Waits until the log has a match. @throws Error when the job ends without */
  async printed(pattern: RegExp): Promise<void> {
    await this.#until(() => pattern.test(this.#log), `printing ${String(pattern)}`);
  }

  /** Waits until the driver is called for a stage or a sub-stage. @throws Error when the job ends without */
  async began(name: string): Promise<void> {
    await this.#until(() => this.#begun.includes(name), `a call of ${name}`);
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (this.#isOver) throw new Error(`the job ended without ${what}:\n${this.#log}`);
      await once(this.#news, 'news');
    }
  }

  async #run(optionsOf: (attempt: number) => RunnerOptions): Promise<JobResult> {
    const { timeout } = this.payload.runner_info;
    const timer = setTimeout(() => {
      this.#abort.abort(new JobFailure(`execution took longer than ${timeout}s seconds`, 'job_execution_timeout'));
    }, timeout * 1000);
    const tell = (): void => void this.#news.emit('news');
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
        tell();
      },
      began: (name) => {
        this.#begun.push(name);
        tell();
      },
      ended: (call) => void this.#calls.push(call),
    }).then(() => undefined, failureOf);
    clearTimeout(timer);
    this.#log += failure ? `ERROR: Job failed: ${failure.message}\n` : 'Job succeeded\n';
    this.#isOver = true;
    tell();
    return this.#resultOf(failure);
  }

  #resultOf(failure: JobFailure | undefined): JobResult {
    const facts = { log: this.#log, attempts: this.#attempts, calls: this.#calls };
    if (!failure) return { status: 'success', ...facts };
    const { reason: failureReason, exitCode } = failure;
    return { status: 'failed', failureReason, ...(exitCode === undefined ? {} : { exitCode }), ...facts };
  }
}
