// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { AlpyError, messageOf } from '../core/errors.ts';
import { DaemonError, Engine } from '../docker/index.ts';
import {
  differences,
  loadSettings,
  longestSocketOf,
  lookAtRunnerVersion,
  wantedKeys,
  type RunnerEntry,
  type Settings,
} from '../gitlab/executor/index.ts';
import { longestSocketPath } from '../core/socket-path.ts';
import type { Finding } from '../testbed/doctor.ts';

/** What the check looks at; what tests put in place of this machine has a default. */
export interface Check {
  readonly runner: RunnerEntry;
  /** absolute path of the driver's settings */
  readonly settingsFile: string;
  /** words that start `alpy executor` */
  readonly program: readonly string[];
  /** folders in which a service finds programs */
  readonly path?: readonly string[];
  readonly totalMiB?: number;
  readonly connect?: () => Promise<Pick<Engine, 'version' | 'address'> & Disposable>;
}

/** PATH of a service of systemd, which has none of a login shell's. */
export const servicePath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What a guest takes besides its memory, in MiB: QEMU without KVM, nodes and the keeper. */
const overheadMiB = 550;

/** Looks at all that a job on this runner needs of the machine. Writes nothing. */
export async function checkRunner(check: Check): Promise<readonly Finding[]> {
  const { runner, settingsFile, program, path = servicePath, connect = () => Engine.connect({}) } = check;
  const machine = [
    await lookAtDaemon(connect),
    ...(await Promise.all([
      lookAtProgram('git', path, 'it checks projects out: apt-get install git'),
      lookAtProgram('bash', path, "it runs the runner's scripts: apt-get install bash"),
      lookAtRunner(path),
    ])),
    await lookAtKvm(),
  ];
  try {
    const settings = await loadSettings(settingsFile);
    return [
      { name: 'settings', result: 'ok', text: settingsFile },
      lookAtEntry(runner, settings, program),
      await lookAtWords(runner),
      await lookAtRoot(settings),
      lookAtLength(settings),
      lookAtMemory(runner, settings, check.totalMiB ?? Math.floor(totalmem() / 1024 ** 2)),
      ...machine,
    ];
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return [
      failure('settings', error.message, 'correct the file; alpy executor install writes one where there is none'),
      ...machine,
    ];
  }
}

function failure(name: string, text: string, remedy: string): Finding {
  return { name, result: 'failure', text, remedy };
}

function lookAtEntry(runner: RunnerEntry, settings: Settings, program: readonly string[]): Finding {
  const found = differences(runner, wantedKeys(settings, program));
  const name = `runner ${runner.name}`;
  if (found.length === 0) return { name, result: 'ok', text: 'config.toml has what this alpy wants' };
  return failure(name, found.join('; '), 'alpy executor install');
}

/** The programs that config.toml names now. */
async function lookAtWords({ custom }: RunnerEntry): Promise<Finding> {
  const name = 'programs';
  const found = new Set<string>();
  for (const stage of ['config', 'prepare', 'run', 'cleanup']) {
    const [exec, args] = [custom[`${stage}_exec`], custom[`${stage}_args`]];
    if (typeof exec !== 'string') continue;
    if (!(await may(exec, constants.X_OK)))
      return failure(name, `${exec} is not there, or is no program`, 'alpy executor install');
    const script: unknown = Array.isArray(args) ? args[0] : undefined;
    if (typeof script === 'string' && script.startsWith('/') && !(await may(script, constants.R_OK)))
      return failure(name, `${script} is not there`, 'alpy executor install');
    found.add(exec);
  }
  return { name, result: 'ok', text: [...found].join(', ') || 'none yet' };
}

async function lookAtRoot({ root, file }: Settings): Promise<Finding> {
  const name = 'folder';
  let there = root;
  while (!(await may(there, constants.F_OK)) && there !== '/') there = dirname(there);
  if (await may(there, constants.W_OK | constants.X_OK))
    return { name, result: 'ok', text: there === root ? root : `${root} will be made` };
  return failure(name, `${root}: ${there} cannot be written`, `run this as who runs GitLab Runner, or change root in ${file}`);
}

function lookAtLength(settings: Settings): Finding {
  const name = 'length of paths';
  const excess = Buffer.byteLength(longestSocketOf(settings)) - longestSocketPath;
  const text = `sockets of jobs have up to ${longestSocketPath + excess} of ${longestSocketPath} bytes`;
  if (excess <= 0) return { name, result: 'ok', text };
  return failure(name, text, `choose a root that is ${excess} bytes shorter in ${settings.file}`);
}

function lookAtMemory({ jobs }: RunnerEntry, { limits, file }: Settings, totalMiB: number): Finding {
  const name = 'memory';
  const needed = jobs * (limits.memoryMiB + overheadMiB);
  const text = `${jobs} jobs at once may take ${needed} MiB; the machine has ${totalMiB}`;
  if (needed <= totalMiB) return { name, result: 'ok', text };
  return { name, result: 'warning', text, remedy: `lower concurrent in config.toml, or limits.memoryMiB in ${file}` };
}

async function lookAtDaemon(connect: NonNullable<Check['connect']>): Promise<Finding> {
  try {
    using engine = await connect();
    return { name: 'docker', result: 'ok', text: `Docker ${engine.version} at ${engine.address}` };
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return failure('docker', messageOf(error), error instanceof DaemonError ? error.remedy : 'docker version');
  }
}

async function lookAtProgram(program: string, path: readonly string[], remedy: string): Promise<Finding> {
  for (const folder of path) {
    const file = join(folder, program);
    if (await may(file, constants.X_OK)) return { name: program, result: 'ok', text: file };
  }
  return failure(program, `is in none of ${path.join(':')}, where a service finds programs`, remedy);
}

async function lookAtRunner(path: readonly string[]): Promise<Finding> {
  const remedy = 'artifacts and caches need it. ln -s "$(command -v gitlab-runner)" /usr/local/bin/';
  const found = await lookAtProgram('gitlab-runner', path, remedy);
  if (found.result !== 'ok') return found;
  const { result, text } = await lookAtRunnerVersion(found.text);
  const finding = { name: found.name, result, text: `${found.text}: ${text}` };
  return result === 'ok' ? finding : { ...finding, remedy: 'https://docs.gitlab.com/runner/install/' };
}

/** No rights of ours are needed: the daemon hands the device to QEMU's container. */
async function lookAtKvm(): Promise<Finding> {
  const [name, device] = ['KVM', '/dev/kvm'];
  if (await may(device, constants.F_OK))
    return { name, result: 'ok', text: `${device} is there; alpy doctor tries whether guests run with it` };
  return { name, result: 'warning', text: `there is no ${device}: guests run with TCG, several times slower` };
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
