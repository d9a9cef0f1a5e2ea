// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../src/core/errors.ts';
import { failureOfStatus } from './failure.ts';
import type { JobPayload } from './payload.ts';
import { runProgram, type KillTimeouts } from './process-group.ts';
import { stageScript } from './scripts.ts';
import { jobVariables, servicesVariable, type BuildPlace } from './variables.ts';
import type { Variables } from '../../../src/core/variables.ts';

/** Words that start the programs of a driver. */
export interface Driver {
  readonly config: readonly string[];
  readonly prepare: readonly string[];
  readonly run: readonly string[];
  readonly cleanup: readonly string[];
}

/** What an administrator says of a runner. */
export interface RunnerOptions {
  readonly driver: Driver;
  /** of GitLab */
  readonly url: string;
  /** folder for temporary files */
  readonly temporary: string;
  /** of the runner itself */
  readonly environment: Variables;
  readonly kill: KillTimeouts;
  /** between attempts to prepare, in `ms`; 3000 in the real runner */
  readonly pauseMs: number;
  /** most that config, prepare and cleanup may take, in `ms` */
  readonly stageTimeoutMs: number;
}

/** A call of the driver. */
export interface DriverCall {
  /** `config`, `prepare`, `cleanup`, or the name of a sub-stage */
  readonly name: string;
  readonly status: number;
  /** what it printed, on either output */
  readonly output: string;
}

/** Takes what happens meanwhile. */
export interface Watcher {
  readonly log: (text: string) => void;
  readonly began: (name: string) => void;
  readonly ended: (call: DriverCall) => void;
}

/** What `config` may answer, and the runner heeds. */
interface ConfigAnswer {
  readonly builds_dir?: string;
  readonly cache_dir?: string;
  readonly builds_dir_is_shared?: boolean;
  readonly driver?: { readonly name?: string; readonly version?: string };
  readonly job_env?: Readonly<Record<string, string>>;
}

/** An attempt to run a job with a custom executor, with a temporary folder of its own. */
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

  /** Asks the driver where to build, then has it prepare. @throws JobFailure and others, which are the system's */
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
   * Has the driver run a sub-stage, unless there is nothing to do.
   * @param status - of the job so far
   * @throws JobFailure when it fails; the signal's reason when it was cancelled
   */
  async run(stage: string, status: string, signal: AbortSignal): Promise<void> {
    const script = stageScript(stage, this.#payload, { ...this.place, url: this.#options.url }, status);
    if (script === undefined) return;
    const folder = await mkdtemp(join(this.directory, 'script'));
    const file = join(folder, 'script'); // for bash it has no extension
    await writeFile(file, script, { mode: 0o700 });
    const told = stage === 'step_script' ? 'build_script' : stage;
    if (told !== stage) this.#watcher.log("WARNING: Starting with version 17.0 the 'build_script' stage will be replaced\n");
    await this.#call(told, [...this.#options.driver.run, file, told], signal, undefined, status);
  }

  /** Has the driver clean up, whatever has been, and removes the temporary folder. A failure changes nothing. */
  async cleanUp(): Promise<void> {
    const signal = AbortSignal.timeout(this.#options.stageTimeoutMs);
    try {
      await this.#call('cleanup', this.#options.driver.cleanup, signal).catch(() => undefined); // only the runner's own log has it
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
    const said: Buffer[] = [];
    const print = (data: Buffer): void => {
      said.push(data);
      if (name !== 'cleanup') this.#watcher.log(data.toString());
    };
    const { directory } = this;
    this.#watcher.began(name);
    const environment = this.#environment(status);
    const spec = { words, directory, environment, stdout: answer ?? print, stderr: print, kill: this.#options.kill };
    const ended = await runProgram(spec, signal);
    this.#watcher.ended({ name, status: ended, output: Buffer.concat(said).toString() });
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
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw new Error(`config: no object: ${text}`);
  return answer;
}

/** @returns `undefined` when there is no such file */
async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}
