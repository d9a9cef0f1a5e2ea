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

/** What is played: a job of the driver that config.toml names, on this machine, now. */
export interface Smoke {
  /** with the programs of the driver */
  readonly runner: Pick<RunnerEntry, 'custom'>;
  readonly settings: Settings;
  /** of GitLab Runner, as far as that is known */
  readonly env: Variables;
  /** takes a line for each stage when it has ended */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A stage of the job that did not go well. */
export interface SmokeFailure {
  readonly stage: string;
  /** why, with the end of what it printed */
  readonly reason: string;
}

const greeting = 'hello from the guest of the smoke job';
/** How long the job may take by its own account, in `s`, and each of its stages. */
const jobSeconds = 600;
const stageTimeoutMs = 300_000;
/** How long a stage that is stopped may take to end, in `ms`. */
const graceMs = 60_000;

/**
 * Plays one job through the stages of GitLab Runner: config, prepare, three scripts, cleanup. Its project describes a tiny guest;
 * its script waits for what that says. Nothing of it is left.
 * @returns what went wrong first; `undefined` when nothing did
 */
export async function runSmokeJob(smoke: Smoke): Promise<SmokeFailure | undefined> {
  const temporary = await mkdtemp(join(tmpdir(), 'custom-executor-smoke'));
  try {
    return await new Player(smoke, temporary).play();
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

class Player {
  readonly #smoke: Smoke;
  readonly #temporary: string;
  readonly #id = randomInt(1e9, 1e10);
  #builds = '';

  constructor(smoke: Smoke, temporary: string) {
    this.#smoke = smoke;
    this.#temporary = temporary;
  }

  async play(): Promise<SmokeFailure | undefined> {
    await this.#writeFiles();
    try {
      const failure = await this.#playStages();
      const cleaned = await this.#call('cleanup', []);
      return failure ?? cleaned ?? this.#left();
    } catch (error) {
      if (!this.#smoke.signal.aborted) throw error;
      await this.#call('cleanup', [], AbortSignal.timeout(graceMs)); // of what was begun
      throw error;
    }
  }

  async #playStages(): Promise<SmokeFailure | undefined> {
    const config = await this.#call('config', []);
    if (config) return config;
    if (!isAbsolute(this.#builds)) return { stage: 'config', reason: 'it told no builds_dir' };
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
    const { limits } = this.#smoke.settings;
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

  /** As GitLab Runner's: bash, which ends at the first error. */
  #scripts(): Readonly<Record<string, string>> {
    const script = (...lines: readonly string[]): string =>
      ['#!/usr/bin/env bash', 'set -eo pipefail', ...lines, 'exit 0', ''].join('\n');
    return {
      get_sources: script(
        `mkdir -p "${this.#project}"`,
        `cp "${this.#temporary}/guest.raw" "${this.#temporary}/alpy.yaml" "${this.#project}"`,
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
      ...this.#smoke.env,
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
    words: readonly string[],
    signal = this.#smoke.signal,
  ): Promise<SmokeFailure | undefined> {
    const { custom } = this.#smoke.runner;
    const [program, args] = [custom[`${kind}_exec`], custom[`${kind}_args`]];
    const stage = words[1] ?? kind;
    if (typeof program !== 'string') return { stage, reason: `config.toml has no ${kind}_exec` };
    const own = Array.isArray(args) ? args.map(String) : [];
    const result = await execa(program, [...own, ...words], {
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
        result.exitCode === undefined ? (result.shortMessage ?? 'it did not run') : `it ended with status ${result.exitCode}`;
      return { stage, reason: `${how}\n${tail(result.all.trim(), 2000)}` };
    }
    if (kind === 'config') this.#builds = buildsOf(result.stdout);
    this.#smoke.log(`smoke job: ${stage} (${(result.durationMs / 1000).toFixed(1)} s)`);
    return undefined;
  }

  #left(): SmokeFailure | undefined {
    if (!existsSync(this.#builds)) return undefined;
    return { stage: 'cleanup', reason: `${this.#builds} is still there` };
  }
}

function buildsOf(answer: string): string {
  try {
    return String((JSON.parse(answer) as { readonly builds_dir?: unknown }).builds_dir);
  } catch {
    return '';
  }
}
