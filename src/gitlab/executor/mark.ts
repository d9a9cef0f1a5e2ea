// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { bootId, pidNamespace, processState, readProcess, type ProcessIdentity } from '../../core/identity.ts';

/** In the folder of a job's session, from its first moment on. */
const file = 'job.json';

/** How long after its last deadline a job may still be cleaned up, in `ms`: the runner gives `cleanup` an hour. */
const marginMs = 2 * 3_600_000;

type Starter = Pick<ProcessIdentity, 'pid' | 'start'>;

/** Who runs a job, so that a later job can tell whether it still runs. */
export interface Mark {
  /** this machine: other machines may share the folder */
  readonly machine: string;
  readonly bootId: string;
  /** of the processes */
  readonly pidNamespace: string;
  /** the processes that have started the driver: GitLab Runner, and what is between */
  readonly starters: readonly Starter[];
  /** when the job was prepared, in `ms` since 1970 */
  readonly startedMs: number;
  /** when the job is over in any case, in `ms` since 1970 */
  readonly endsByMs: number;
  /** the runner's own folder for the job; empty if it is not known */
  readonly temporary: string;
}

/**
 * Describes who runs a job: the processes that started this one.
 * @param deadlineMs - when the job's testbed ends by itself, in `ms` since 1970
 * @param temporary - `TMPDIR` of the driver
 */
export async function describeRun(deadlineMs: number, temporary = ''): Promise<Mark> {
  return {
    machine: await thisMachine(),
    bootId: bootId(),
    pidNamespace: pidNamespace(),
    starters: startersOf(process.ppid),
    startedMs: Date.now(),
    endsByMs: deadlineMs + marginMs,
    temporary: basename(temporary).startsWith('custom-executor') ? temporary : '',
  };
}

/** Writes the mark of a job; its folder is never there without one. */
export async function writeMark(session: string, mark: Mark): Promise<void> {
  const parent = dirname(session);
  await mkdir(parent, { recursive: true });
  const fresh = await mkdtemp(join(parent, '.new-'));
  try {
    await writeFile(join(fresh, file), JSON.stringify(mark), { mode: 0o600 });
    await rename(fresh, session).catch(async (error: unknown) => {
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
      await rename(join(fresh, file), join(session, file)); // of an attempt whose clean-up has failed
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Returns the mark of a job; `undefined` if it has no mark, for example because an older alpy prepared it. */
export async function readMark(session: string): Promise<Mark | undefined> {
  try {
    return JSON.parse(await readFile(join(session, file), 'utf8')) as Mark;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether a job may still run. When in doubt, it does. */
export async function mayRun(mark: Mark): Promise<boolean> {
  if (Date.now() > mark.endsByMs) return false;
  if (mark.machine !== (await thisMachine())) return true; // its processes cannot be seen from here
  if (mark.bootId !== bootId()) return false; // the machine was rebooted since
  return mark.starters.length === 0 || mark.starters.some((starter) => processState({ ...mark, ...starter }) !== 'dead');
}

async function thisMachine(): Promise<string> {
  const machineId = await readFile('/etc/machine-id', 'utf8').catch(() => '');
  return `${hostname()} ${machineId.trim()}`;
}

/** A process and its ancestors, except for the first process of the machine, which never ends. */
function startersOf(pid: number): readonly Starter[] {
  const found = pid > 1 ? readProcess(pid) : undefined;
  return found && !found.hasEnded ? [{ pid, start: found.start }, ...startersOf(found.parent)] : [];
}
