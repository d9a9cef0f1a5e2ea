// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { tail } from '../../../core/text.ts';
import type { RunnerEntry } from './runner-config.ts';
import type { Settings } from '../settings.ts';
import { tinyGuestDisk } from './tiny-guest.ts';
import type { Variables } from '../../../core/variables.ts';

/** How to run a smoke job. */
export interface SmokeOptions {
  /** its `[runners.custom]` names the driver */
  readonly runner: Pick<RunnerEntry, 'custom'>;
  readonly settings: Settings;
  /** environment of GitLab Runner, as far as it is known */
  readonly env: Variables;
  /** gets a line when a stage has ended */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The stage that failed. */
export interface SmokeFailure {
  readonly stage: string;
  /** why, with the end of its output */
  readonly reason: string;
}

const greeting = 'hello from the guest of the smoke job';
/** Timeout that the job declares, in `s`. */
const jobSeconds = 600;
/** How long a stage may take, in `ms`. */
const stageTimeoutMs = 300_000;
/** How long a cancelled stage may take to end, in `ms`. */
const graceMs = 60_000;

/**
 * Runs one job through the stages of GitLab Runner: config, prepare, three scripts, cleanup. Its project describes a tiny guest, and
 * its script waits for the guest's greeting. Leaves nothing behind.
 * @returns the first failure, or `undefined` if everything works
 */
export async function runSmokeJob(options: SmokeOptions): Promise<SmokeFailure | undefined> {
  const temporary = await mkdtemp(join(tmpdir(), 'custom-executor-smoke'));
  try {
    return await new SmokeJob(options, temporary).run();
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

class SmokeJob {
  readonly #options: SmokeOptions;
  readonly #temporary: string;
  readonly #id = randomInt(1e9, 1e10);
  #builds = '';

  constructor(options: SmokeOptions, temporary: string) {
    this.#options = options;
    this.#temporary = temporary;
  }

  async run(): Promise<SmokeFailure | undefined> {
    await this.#writeFiles();
    try {
      const failure = await this.#runStages();
      const cleaned = await this.#call('cleanup', []);
      return failure ?? cleaned ?? this.#checkLeftovers();
    } catch (error) {
      if (!this.#options.signal.aborted) throw error;
      await this.#call('cleanup', [], AbortSignal.timeout(graceMs)); // removes what was created
      throw error;
    }
  }

  async #runStages(): Promise<SmokeFailure | undefined> {
    const config = await this.#call('config', []);
    if (config) return config;
    if (!isAbsolute(this.#builds))
      return { stage: 'config', reason: `expected an absolute builds_dir in its answer, got ${JSON.stringify(this.#builds)}` };
    const prepared = await this.#call('prepare', []);
    if (prepared) return prepared;
    for (const [stage, script] of Object.entries(this.#scripts())) {
      const file = join(this.#temporary, `${stage}.sh`);
      await writeFile(file, script, { mode: 0o700 });
      const failure = await this.#call('run', [file, stage]);
      if (failure) return failure;
    }
    return undefined;
  }

  async #writeFiles(): Promise<void> {
    const { limits } = this.#options.settings;
    const appliance = { name: 'smoke', image: 'guest.raw', memoryMiB: Math.min(64, limits.memoryMiB) };
    const response = {
      id: this.#id,
      token: randomBytes(16).toString('hex'),
      job_info: { project_id: 0, name: 'smoke' },
      runner_info: { timeout: jobSeconds },
      variables: [],
    };
    for (const [name, content] of Object.entries({
      'response.json': JSON.stringify(response),
      'guest.raw': tinyGuestDisk(greeting),
      'alpy.yaml': stringify({ appliance, topology: { links: 1 } }),
    }))
      await writeFile(join(this.#temporary, name), content, { mode: 0o600 });
  }

  get #project(): string {
    return join(this.#builds, 'alpy', 'smoke');
  }

  /** Scripts in the style of GitLab Runner's: for bash, which exits at the first error. */
  #scripts(): Readonly<Record<string, string>> {
    const script = (...lines: readonly string[]): string =>
      ['#!/usr/bin/env bash', 'set -eo pipefail', ...lines, 'exit 0', ''].join('\n');
    return {
      get_sources: script(
        `mkdir -p "${this.#project}"`,
        // a disk image has to be readable for QEMU's user
        `install -m 644 "${this.#temporary}/guest.raw" "${this.#temporary}/alpy.yaml" "${this.#project}"`,
        'git --version',
      ),
      build_script: script(
        `cd "${this.#project}"`,
        'alpy status >status.json',
        `until alpy console tail | grep -q '${greeting}'; do sleep 0.1; done`,
        `echo '${greeting}'`,
      ),
      upload_artifacts_on_success: script(
        'gitlab-runner --version',
        `cd "${this.#project}"`,
        'for file in status.json alpy-out/testbed/console.log alpy-out/testbed/link0.pcap; do test -r "$file" || { echo "$file cannot be read"; exit 1; }; done',
      ),
    };
  }

  #environment(): Variables {
    return {
      ...this.#options.env,
      TMPDIR: this.#temporary,
      JOB_RESPONSE_FILE: join(this.#temporary, 'response.json'),
      BUILD_FAILURE_EXIT_CODE: '1',
      SYSTEM_FAILURE_EXIT_CODE: '2',
      BUILD_EXIT_CODE_FILE: join(this.#temporary, 'build_exit_code'),
      CUSTOM_ENV_CI_JOB_ID: String(this.#id),
      CUSTOM_ENV_CI_JOB_SERVICES: '',
      CUSTOM_ENV_CI_BUILDS_DIR: this.#builds,
      CUSTOM_ENV_CI_PROJECT_DIR: this.#builds === '' ? '' : this.#project,
    };
  }

  async #call(
    kind: 'config' | 'prepare' | 'run' | 'cleanup',
    args: readonly string[],
    signal = this.#options.signal,
  ): Promise<SmokeFailure | undefined> {
    const { custom } = this.#options.runner;
    const [program, configuredArgs] = [custom[`${kind}_exec`], custom[`${kind}_args`]];
    const stage = args[1] ?? kind;
    if (typeof program !== 'string') return { stage, reason: `config.toml has no ${kind}_exec` };
    const firstArgs = Array.isArray(configuredArgs) ? configuredArgs.map(String) : [];
    const result = await execa(program, [...firstArgs, ...args], {
      cwd: this.#temporary,
      env: this.#environment(),
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      all: true,
      timeout: stageTimeoutMs,
      cancelSignal: signal,
      forceKillAfterDelay: graceMs,
    });
    signal.throwIfAborted();
    if (result.failed) {
      const how =
        result.exitCode === undefined ? (result.shortMessage ?? 'it did not run') : `it exited with status ${result.exitCode}`;
      return { stage, reason: `${how}\n${tail(result.all.trim(), 2000)}` };
    }
    if (kind === 'config') this.#builds = buildsOf(result.stdout);
    this.#options.log(`smoke job: ${stage} (${(result.durationMs / 1000).toFixed(1)} s)`);
    return undefined;
  }

  #checkLeftovers(): SmokeFailure | undefined {
    if (!existsSync(this.#builds)) return undefined;
    return { stage: 'cleanup', reason: `${this.#builds} still exists` };
  }
}

function buildsOf(answer: string): string {
  try {
    return String((JSON.parse(answer) as { readonly builds_dir?: unknown }).builds_dir);
  } catch {
    return '';
  }
}
