// SPDX-License-Identifier: GPL-3.0-or-later
import { totalmem } from 'node:os';
import { AlpyError } from '../core/errors.ts';
import { Engine } from '../docker/index.ts';
import { loadSettings, type RunnerEntry } from '../gitlab/executor/index.ts';
import { daemonFailed, daemonFound } from './daemon.ts';
import { failure, type Finding } from './finding.ts';
import { checkJobsFolder, checkPathLength } from './jobs-folder.ts';
import { checkKvmDevice } from './kvm.ts';
import { checkMemoryForJobs } from './memory.ts';
import { checkPrograms, servicePath } from './programs.ts';
import { checkRunnerEntry, checkStagePrograms } from './runner-config.ts';

/** A runner with alpy's driver. What tests replace has a default. */
export interface RunnerCheck {
  readonly runner: RunnerEntry;
  /** absolute path of the driver's settings */
  readonly settingsFile: string;
  /** words that start `alpy executor` */
  readonly program: readonly string[];
  /** folders in which a service finds programs */
  readonly path?: readonly string[];
  /** memory of the machine */
  readonly totalMiB?: number;
  readonly connect?: () => Promise<Pick<Engine, 'version' | 'address'> & Disposable>;
}

/** Checks everything that a job on this runner needs from the machine. Writes nothing. */
export async function checkRunner(check: RunnerCheck): Promise<readonly Finding[]> {
  const { path = servicePath, connect = () => Engine.connect({}) } = check;
  const machine = [await checkDaemon(connect), ...(await checkPrograms(path)), await checkKvmDevice()];
  return [...(await checkSettings(check)), ...machine];
}

/** Checks the driver's settings, and what depends on them. */
async function checkSettings(check: RunnerCheck): Promise<readonly Finding[]> {
  const { runner, settingsFile, program, totalMiB = Math.floor(totalmem() / 1024 ** 2) } = check;
  try {
    const settings = await loadSettings(settingsFile);
    return [
      { name: 'settings', result: 'ok', text: settingsFile },
      checkRunnerEntry(runner, settings, program),
      await checkStagePrograms(runner),
      await checkJobsFolder(settings),
      checkPathLength(settings),
      checkMemoryForJobs(runner, settings, totalMiB),
    ];
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return [failure('settings', error.message, 'correct the file, or write a new one with alpy executor install')];
  }
}

async function checkDaemon(connect: NonNullable<RunnerCheck['connect']>): Promise<Finding> {
  try {
    using engine = await connect();
    return daemonFound(engine);
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return daemonFailed(error);
  }
}
