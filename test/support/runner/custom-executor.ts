// SPDX-License-Identifier: GPL-3.0-or-later
// Source: gitlab-org/gitlab-runner 19.4.0, executors/custom.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../src/core/errors.ts';
import { failureOfStatus } from './failure.ts';
import type { JobPayload } from './payload.ts';
import { runProgram, type KillTimeouts } from './process-group.ts';
import { stageScript } from './scripts.ts';
import { jobVariables, servicesVariable, type BuildPlace } from './variables.ts';
import type { Variables } from '../../../src/core/variables.ts';

/** Command lines of a driver. */
export interface Driver {
  readonly config: readonly string[];
  readonly prepare: readonly string[];
  readonly run: readonly string[];
  readonly cleanup: readonly string[];
}

/** A runner's configuration. */
export interface RunnerOptions {
  readonly driver: Driver;
  /** URL of GitLab */
  readonly url: string;
  /** folder for temporary files */
  readonly temporary: string;
  /** environment of the runner itself */
  readonly environment: Variables;
  readonly kill: KillTimeouts;
  /** pause between attempts to prepare, in `ms`; 3000 in the real runner */
  readonly pauseMs: number;
  /** limit for config, prepare and cleanup, in `ms` */
  readonly stageTimeoutMs: number;
}

/** A call of the driver. */
export interface DriverCall {
  /** `config`, `prepare`, `cleanup`, or the name of a sub-stage */
  readonly name: string;
  readonly status: number;
  /** what it printed to stdout and stderr */
  readonly output: string;
}

/** Gets the events of a job. */
export interface Watcher {
  readonly log: (text: string) => void;
  readonly began: (name: string) => void;
  readonly ended: (call: DriverCall) => void;
}

/** The fields in the answer of `config` that the runner uses. */
interface ConfigAnswer {
  readonly builds_dir?: string;
  readonly cache_dir?: string;
  readonly builds_dir_is_shared?: boolean;
  readonly driver?: { readonly name?: string; readonly version?: string };
  readonly job_env?: Readonly<Record<string, string>>;
}

/** One attempt to run a job with the custom executor. It has its own temporary folder. */
export class CustomExecutor {
  readonly directory: string;
  readonly #payload: JobPayload;
  readonly #options: RunnerOptions;
  readonly #watcher: Watcher;
  #answer: ConfigAnswer = {};

  private constructor(directory: string, payload: JobPayload, options: RunnerOptions, watcher: Watcher) {
    this.directory = directory;
    this.#payload = payload;
    this.#options = options;
    this.#watcher = watcher;
  }

  static async open(payload: JobPayload, options: RunnerOptions, watcher: Watcher): Promise<CustomExecutor> {
    const directory = await mkdtemp(join(options.temporary, 'custom-executor'));
    await writeFile(join(directory, 'response.json'), JSON.stringify(payload), { mode: 0o600, flag: 'wx' });
    return new CustomExecutor(directory, payload, options, watcher);
  }

  get place(): BuildPlace {
    const { builds_dir: builds = '', cache_dir: cache = '', builds_dir_is_shared: isShared = false } = this.#answer;
    return { builds, cache, isShared };
  }

  /** Calls config and prepare. @throws JobFailure, or other errors, which count as system failures */
  async prepare(signal: AbortSignal): Promise<void> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(this.#options.stageTimeoutMs)]);
    const answer: Buffer[] = [];
    await this.#call('config', this.#options.driver.config, limited, (data) => void answer.push(data));
    const text = Buffer.concat(answer).toString();
    if (text !== '') this.#answer = parseAnswer(text);
    const { builds_dir: builds = '', driver } = this.#answer;
    if (!builds.startsWith('/')) throw new Error('the builds_dir is not an absolute path');
    this.#watcher.log(`Using Custom executor with driver ${driver?.name ?? ''} ${driver?.version ?? ''}...\n`);
    await this.#call('prepare', this.#options.driver.prepare, limited);
  }

  /**
   * Calls the driver for a sub-stage, unless the sub-stage has nothing to do.
   * @param status - of the job so far
   * @throws JobFailure when it fails; the signal's reason when it was cancelled
   */
  async run(stage: string, status: string, signal: AbortSignal): Promise<void> {
    const script = stageScript(stage, this.#payload, { ...this.place, url: this.#options.url }, status);
    if (script === undefined) return;
    const folder = await mkdtemp(join(this.directory, 'script'));
    const file = join(folder, 'script'); // bash scripts have no extension
    await writeFile(file, script, { mode: 0o700 });
    const name = stage === 'step_script' ? 'build_script' : stage;
    if (name !== stage) this.#watcher.log("WARNING: Starting with version 17.0 the 'build_script' stage will be replaced\n");
    await this.#call(name, [...this.#options.driver.run, file, name], signal, undefined, status);
  }

  /** Calls cleanup and removes the temporary folder. A failure of cleanup does not change the result of the job. */
  async cleanUp(): Promise<void> {
    const signal = AbortSignal.timeout(this.#options.stageTimeoutMs);
    try {
      await this.#call('cleanup', this.#options.driver.cleanup, signal).catch(() => undefined); // only in the runner's own log
    } finally {
      await rm(this.directory, { recursive: true });
    }
  }

  async #call(
    name: string,
    words: readonly string[],
    signal: AbortSignal,
    answer?: (data: Buffer) => void,
    status = 'running',
  ): Promise<void> {
    const output: Buffer[] = [];
    const print = (data: Buffer): void => {
      output.push(data);
      if (name !== 'cleanup') this.#watcher.log(data.toString());
    };
    const { directory } = this;
    this.#watcher.began(name);
    const environment = this.#environment(status);
    const spec = { words, directory, environment, stdout: answer ?? print, stderr: print, kill: this.#options.kill };
    const ended = await runProgram(spec, signal);
    this.#watcher.ended({ name, status: ended, output: Buffer.concat(output).toString() });
    signal.throwIfAborted();
    const failure = failureOfStatus(ended, ended === 1 ? await textOf(join(directory, 'build_exit_code')) : undefined);
    if (failure) throw failure;
  }

  #environment(status: string): Variables {
    const variables = [...jobVariables(this.#payload, this.place, status), servicesVariable(this.#payload)];
    return {
      ...this.#options.environment,
      TMPDIR: this.directory,
      BUILD_FAILURE_EXIT_CODE: '1',
      SYSTEM_FAILURE_EXIT_CODE: '2',
      BUILD_EXIT_CODE_FILE: join(this.directory, 'build_exit_code'),
      JOB_RESPONSE_FILE: join(this.directory, 'response.json'),
      ...this.#answer.job_env,
      ...Object.fromEntries(variables.map(({ key, value }) => [`CUSTOM_ENV_${key}`, value])),
    };
  }
}

function parseAnswer(text: string): ConfigAnswer {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new Error(`config: expected an object, got: ${text}`);
  return answer;
}

/** Reads a file. @returns `undefined` if it does not exist */
async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}
