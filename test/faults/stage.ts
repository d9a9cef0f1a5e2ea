// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { messageOf } from '../../src/core/errors.ts';
import { Project } from '../support/cli.ts';
import { DaemonProxy } from '../support/daemon-proxy.ts';
import type { Bystander } from './bystander.ts';
import { ContainerRecord } from './container-record.ts';
import type { DaemonLoan } from './daemon-loan.ts';
import type { FaultKind } from './kinds/kind.ts';
import { MissedError } from './missed-error.ts';
import { RunOutput } from './output.ts';
import { needsBoot } from './phases.ts';
import type { FaultCase } from './plan.ts';
import { projectFiles } from './project.ts';
import { Target } from './target.ts';

const run = promisify(execFile);

/** What all cases share. */
export interface CampaignPlace {
  readonly docker: Docker;
  readonly bystander: Bystander;
  /** environment of the runs */
  readonly env: Readonly<Record<string, string>>;
  /** the campaign's own daemon */
  readonly daemon: DaemonLoan;
  /** a snapshot store with the guest's snapshot */
  readonly store: string;
}

/** A project, and a run of its tests that has just been started. */
export class Stage implements AsyncDisposable {
  readonly target: Target;
  readonly output: RunOutput;
  readonly record: ContainerRecord;
  readonly #resources: AsyncDisposable;

  private constructor(target: Target, record: ContainerRecord, resources: AsyncDisposable) {
    this.target = target;
    this.output = new RunOutput(target.child);
    this.record = record;
    this.#resources = resources;
  }

  static async open(place: CampaignPlace, kind: FaultKind, one: FaultCase): Promise<Stage> {
    const { env, store: sharedStore } = place;
    await using resources = new AsyncDisposableStack();
    const borrowed = kind.usesOwnDaemon === true ? resources.use(await place.daemon.borrow()) : undefined;
    const daemon = borrowed?.daemon;
    const docker = daemon?.docker ?? place.docker;
    const project = resources.use(await Project.create(projectFiles(kind.project?.(one.detail) ?? {})));
    const jobId = `faults-${process.pid}-${one.number}`;
    const hasOwnStore = kind.hasOwnStore === true || needsBoot(one.phase);
    const store = hasOwnStore ? project.path('snapshots') : sharedStore;
    for (const name of ['tmp', 'alpy-out', 'snapshots']) await mkdir(project.path(name));
    if (kind.small) await mountSmall(resources, project.path(kind.small.folder), kind.small.megabytes);
    if (kind.hasOwnStore === true) await run('cp', ['--archive', '--sparse=always', `${sharedStore}/.`, store]);
    const record = resources.use(await ContainerRecord.open(docker, jobId));
    const proxy = kind.usesProxy === true ? resources.use(await DaemonProxy.open()) : undefined;
    const child = project.start(['run', '--verbose'], {
      ...env,
      ...kind.env?.(project.directory),
      ALPY_JOB_ID: jobId,
      TMPDIR: project.path('tmp'),
      ALPY_SNAPSHOTS_DIRECTORY: store,
      ...(proxy ? { DOCKER_HOST: proxy.host } : {}),
      ...(daemon ? { DOCKER_HOST: daemon.host } : {}),
    });
    resources.defer(() => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
    });
    const { directory } = project;
    const target = new Target({
      docker,
      child,
      jobId,
      directory,
      store,
      temporary: project.path('tmp'),
      detail: one.detail,
      proxy,
      daemon,
    });
    return new Stage(target, record, resources.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}

async function mountSmall(resources: AsyncDisposableStack, folder: string, megabytes: number): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]).catch((error: unknown) => {
    throw new MissedError(`cannot mount a small file system: ${messageOf(error)}`, { cause: error });
  });
  resources.defer(async () => {
    await run('umount', ['--lazy', folder]);
  });
}
