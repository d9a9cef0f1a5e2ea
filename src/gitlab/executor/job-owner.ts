// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../core/errors.ts';
import { bootId, pidNamespace, processState, readProcess, type ProcessIdentity } from '../../core/identity.ts';

/** In the folder of a job's session. The folder never exists without it. */
const ownerFile = 'job.json';

/** How long after the testbed's deadline a job may still be cleaned up, in `ms`. The runner gives `cleanup` an hour. */
const marginMs = 2 * 3_600_000;

type Starter = Pick<ProcessIdentity, 'pid' | 'start'>;

/** The processes that run a job. They show later jobs whether it still runs. */
export interface JobOwner {
  /** identifies the machine, because other machines may share the folder */
  readonly machine: string;
  readonly bootId: string;
  /** namespace of the processes */
  readonly pidNamespace: string;
  /** the ancestors of the driver: GitLab Runner and processes in between */
  readonly starters: readonly Starter[];
  /** when the job was prepared, in `ms` since 1970 */
  readonly startedMs: number;
  /** when the job has ended in any case, in `ms` since 1970 */
  readonly endsByMs: number;
  /** the runner's temporary folder for the job; empty if unknown */
  readonly temporary: string;
}

/**
 * Describes who runs a job: the processes that started this one.
 * @param deadlineMs - when the job's testbed ends by itself, in `ms` since 1970
 * @param temporary - `TMPDIR` of the driver
 */
export async function describeOwner(deadlineMs: number, temporary = ''): Promise<JobOwner> {
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

/** Creates the folder of a job's session with its owner in it: the folder never exists without the file. */
export async function writeOwner(session: string, owner: JobOwner): Promise<void> {
  const parent = dirname(session);
  await mkdir(parent, { recursive: true });
  const fresh = await mkdtemp(join(parent, '.new-'));
  try {
    await writeFile(join(fresh, ownerFile), JSON.stringify(owner), { mode: 0o600 });
    await rename(fresh, session).catch(async (error: unknown) => {
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
      await rename(join(fresh, ownerFile), join(session, ownerFile)); // left by an earlier attempt whose cleanup failed
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

const OwnerSchema: z.ZodType<JobOwner> = z.object({
  machine: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
  starters: z.array(z.object({ pid: z.int(), start: z.string() })),
  startedMs: z.number(),
  endsByMs: z.number(),
  temporary: z.string(),
});

/**
 * Reads the owner of a job. Returns `undefined` if it was not recorded, for example because an older alpy prepared the job, or if
 * the file is damaged.
 */
export async function readOwner(session: string): Promise<JobOwner | undefined> {
  try {
    return OwnerSchema.safeParse(JSON.parse(await readFile(join(session, ownerFile), 'utf8'))).data;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether a job may still run. Returns true if that cannot be decided. */
export async function mayStillRun(owner: JobOwner): Promise<boolean> {
  if (Date.now() > owner.endsByMs) return false;
  if (owner.machine !== (await thisMachine())) return true; // its processes cannot be seen from here
  if (owner.bootId !== bootId()) return false; // the machine was rebooted since
  return owner.starters.length === 0 || owner.starters.some((starter) => processState({ ...owner, ...starter }) !== 'dead');
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
