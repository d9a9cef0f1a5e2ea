// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { stringify } from 'yaml';
import { tinyGuestDisk } from '../../src/gitlab/executor/install/tiny-guest.ts';
import { writeBlankDisk } from './blank-disk.ts';
import { RunningJob } from './contract-runner.ts';
import type { Driver, RunnerOptions } from './runner/custom-executor.ts';
import { findLeftovers } from './runner/leftovers.ts';
import { jobPayload, type JobDescription, type JobPayload } from './runner/payload.ts';
import { writeStandIn } from './runner/stand-in.ts';
import { rabbitImage } from './testbeds.ts';

/** Command line of the driver. */
export const driverProgram = [process.execPath, resolve(import.meta.dirname, '../../src/cli/bin.ts'), 'executor'] as const;

/** How a job of a test differs from the usual. */
export interface JobRun {
  /** settings of the driver that are added to those of {@link ExecutorHost} */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** variables of the runner's own environment for each attempt to prepare */
  readonly environment?: (attempt: number) => Readonly<Record<string, string>>;
  /** how `gitlab-runner` uploads artifacts; default: it copies them; `really`: it is the real gitlab-runner */
  readonly uploads?: 'copies' | 'waits' | 'really';
  /** command in front of each call of the driver; default: none */
  readonly wrapper?: readonly string[];
}

/** How to log in to Rabbit. */
export const rabbitLogin = { user: 'root', password: 'rabbit', shellPrompt: '/[#$] $/' };

/**
 * A machine with a runner. It has four appliances: `rabbit`, whose snapshot its first job saves; `silent`, which does nothing and is
 * ready at once; `dead`, which never prints its login prompt; and `talking`, which prints a greeting and powers off when it receives
 * a q.
 */
export class ExecutorHost implements AsyncDisposable {
  readonly directory: string;
  /** `root` of the driver's settings */
  readonly root: string;
  readonly #jobs: RunningJob[] = [];
  readonly #ids: number[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.root = join(directory, 'root');
  }

  static async open(): Promise<ExecutorHost> {
    const host = new ExecutorHost(await mkdtemp(join(tmpdir(), 'alpy-executor-')));
    await mkdir(join(host.directory, 'tmp'));
    await writeBlankDisk(join(host.directory, 'blank.raw'));
    await writeFile(join(host.directory, 'talking.raw'), tinyGuestDisk('hello from a tiny guest'));
    for (const kind of ['copies', 'waits'] as const) await writeStandIn(join(host.directory, kind), kind);
    return host;
  }

  /** Starts a job. */
  async start(description: JobDescription, run: JobRun = {}): Promise<RunningJob> {
    const payload = jobPayload(description);
    const job = RunningJob.start(payload, await this.optionsFor(payload, run));
    this.#jobs.push(job);
    return job;
  }

  /** The runner's configuration for a job, by attempt to prepare. */
  async optionsFor(
    { id }: JobPayload,
    { settings = {}, environment = () => ({}), uploads = 'copies', wrapper = [] }: JobRun,
  ): Promise<(attempt: number) => RunnerOptions> {
    this.#ids.push(id);
    const file = join(this.directory, `executor-${id}.yaml`);
    await writeFile(file, stringify({ ...this.#settings(), ...settings }));
    return (attempt) => ({
      driver: driverWith(file, wrapper),
      url: `file://${join(this.directory, 'artifacts')}`,
      temporary: join(this.directory, 'tmp'),
      environment: {
        ...process.env,
        VITEST: '',
        VITEST_WORKER_ID: '',
        VITEST_POOL_ID: '',
        NODE_OPTIONS: '',
        PATH: [join(this.directory, uploads), process.env['PATH']].join(delimiter),
        ...environment(attempt),
      },
      kill: { gracefulMs: 60_000, forceMs: 10_000 },
      pauseMs: 10,
      stageTimeoutMs: 180_000,
    });
  }

  #settings(): object {
    const topology = { links: 2 };
    const blank = { image: join(this.directory, 'blank.raw'), memoryMiB: 64 };
    const dead = { ...blank, name: 'dead', login: rabbitLogin, bootTimeoutMs: 500 };
    return {
      root: this.root,
      appliances: {
        rabbit: { appliance: { name: 'rabbit', image: rabbitImage, login: rabbitLogin }, topology },
        silent: { appliance: { ...blank, name: 'silent' }, topology },
        dead: { appliance: dead, topology, boot: 'cold' },
        talking: { appliance: { ...blank, name: 'talking', image: join(this.directory, 'talking.raw') }, topology },
      },
      imageFolders: [dirname(rabbitImage)],
    };
  }

  /** The folder of a job below {@link root}. @throws Error when there is not exactly one */
  async folderOf({ id }: JobPayload, kind: 'builds' | 'jobs'): Promise<string> {
    const names = (await readdir(join(this.root, kind))).filter((name) => name.startsWith(`${id}-`));
    const [name] = names;
    if (name === undefined || names.length > 1) throw new Error(`${kind} of ${id}: ${names.join(' ') || 'none'}`);
    return join(this.root, kind, name);
  }

  /** Everything that jobs left on this machine; empty after all have ended. */
  async leftovers(): Promise<readonly string[]> {
    return findLeftovers(this.root, join(this.directory, 'tmp'), this.#ids);
  }

  /** Sorted paths of a job's artifacts. */
  async artifacts({ payload: { id } }: RunningJob): Promise<readonly string[]> {
    const entries = await readdir(this.#artifactFolder(id), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    return files.map((path) => path.slice(this.#artifactFolder(id).length + 1)).sort();
  }

  artifact({ payload: { id } }: RunningJob, path: string): string {
    return join(this.#artifactFolder(id), path);
  }

  async readArtifact(job: RunningJob, path: string): Promise<string> {
    return readFile(this.artifact(job, path), 'utf8');
  }

  #artifactFolder(id: number): string {
    return join(this.directory, 'artifacts', String(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const job of this.#jobs) job.abort();
    await Promise.all(this.#jobs.map((job) => job.result));
    await rm(this.directory, { recursive: true });
  }
}

/** One host for all tests of a file. After each test it asserts that nothing is left. */
export function useExecutorHost(): () => ExecutorHost {
  let host: ExecutorHost;
  beforeAll(async () => {
    host = await ExecutorHost.open();
  });
  afterEach(async () => {
    expect(await host.leftovers()).toEqual([]);
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });
  return () => host;
}

function driverWith(settings: string, wrapper: readonly string[]): Driver {
  const stage = (name: string): readonly string[] => [...wrapper, ...driverProgram, name, '--settings', settings];
  return { config: stage('config'), prepare: stage('prepare'), run: stage('run'), cleanup: stage('cleanup') };
}
