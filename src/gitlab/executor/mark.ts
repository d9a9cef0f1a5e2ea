// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../core/errors.ts';

/** In the folder of a job's session, from its first moment on. */
const file = 'job.json';

/** How long after its last deadline a job may still be cleaned up, in `ms`: the runner gives `cleanup` an hour. */
const marginMs = 2 * 3_600_000;

/** Identifies a process; a later process with the same PID has another start. */
interface ProcessId {
  readonly pid: number;
  /** when it was started, in ticks since the machine was booted */
  readonly start: string;
}

/** Who runs a job, so that a later job can tell whether it still runs. */
export interface Mark {
  /** this machine: other machines may share the folder */
  readonly machine: string;
  readonly bootId: string;
  /** of the processes */
  readonly pidNamespace: string;
  /** the processes that have started the driver: GitLab Runner, and what is between */
  readonly starters: readonly ProcessId[];
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
    ...(await whereWeAre()),
    starters: await startersOf(process.ppid),
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
  const here = await whereWeAre();
  if (mark.machine !== here.machine) return true; // nothing can be seen of it from here
  if (mark.bootId !== here.bootId) return false; // the machine was booted since
  if (mark.pidNamespace !== here.pidNamespace || mark.starters.length === 0) return true;
  const starts = await Promise.all(mark.starters.map(async ({ pid, start }) => (await lookUp(pid))?.start === start));
  return starts.includes(true);
}

async function whereWeAre(): Promise<Pick<Mark, 'machine' | 'bootId' | 'pidNamespace'>> {
  const [machineId, bootId, pidNamespace] = await Promise.all([
    readFile('/etc/machine-id', 'utf8').catch(() => ''),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return { machine: `${hostname()} ${machineId.trim()}`, bootId: bootId.trim(), pidNamespace };
}

/** A process and all that it comes from, but for the first of the machine, which never ends. */
async function startersOf(pid: number): Promise<readonly ProcessId[]> {
  if (pid <= 1) return [];
  const found = await lookUp(pid);
  return found ? [{ pid, start: found.start }, ...(await startersOf(found.parent))] : [];
}

async function lookUp(pid: number): Promise<{ readonly parent: number; readonly start: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // it has ended
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // its name, before that, may hold anything
  const [state, parent, start] = [fields[0], fields[1], fields[19]];
  return parent === undefined || start === undefined || state === 'Z' ? undefined : { parent: Number(parent), start };
}
