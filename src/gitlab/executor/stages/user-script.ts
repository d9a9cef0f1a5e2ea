// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { EnvironmentError, statusByFault } from '../../../core/errors.ts';
import { readPlainEnd } from '../../../core/plain-file.ts';
import { tail } from '../../../core/text.ts';
import { callSocket, isSessionUp, sessionFiles } from '../../../session/index.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { recordInterruption } from '../files/keep.ts';
import { recordScriptsBegun, savePristine } from '../files/sanitize.ts';
import { outcomeOfStatus, type Outcome } from '../outcome.ts';
import { jobPaths } from '../paths.ts';
import { logOnce, recordIfNew, ScriptOutputTail } from './log-once.ts';
import { startTestbed } from './prepare.ts';
import { readStartFailure } from './start-failure.ts';

/** Where the output of a job's script goes. */
export interface ScriptOutput {
  readonly stdout: (data: Buffer) => void;
  readonly stderr: (data: Buffer) => void;
}

/**
 * Runs a script of the job in its container, and creates the testbed first if it does not exist yet. If the script is cancelled
 * because the job timed out, logs where its files are kept.
 * @param script - path of the script
 * @throws NoTestbedError and other errors of `startTestbed`
 * @throws EnvironmentError when the testbed ended unexpectedly
 */
export async function runUserScript(context: DriverContext, script: string, io: StageIo & ScriptOutput): Promise<Outcome> {
  try {
    return await runInTestbed(context, script, io);
  } catch (error) {
    const notice = io.signal.aborted ? await recordInterruption(context) : undefined;
    if (notice !== undefined) io.log(notice);
    throw error;
  }
}

async function runInTestbed(context: DriverContext, script: string, io: StageIo & ScriptOutput): Promise<Outcome> {
  const { session } = jobPaths(context.settings, context.job);
  const failure = await readStartFailure(session);
  if (failure) throw failure;
  if (!existsSync(join(session, sessionFiles.spec))) await startTestbed(context, io);
  await savePristine(context);
  await recordScriptsBegun(context);
  const input = Readable.from([await readFile(script)]);
  if (!(await isSessionUp(session))) throw await unexpectedEnd(session);
  const refused = await startJobContainer(session, io);
  if (refused) return refused;
  const output = new ScriptOutputTail();
  const copyTo = (write: (data: Buffer) => void) => (data: Buffer) => {
    output.append(data);
    write(data);
  };
  const call = { args: ['script'], input, stdout: copyTo(io.stdout), stderr: copyTo(io.stderr), signal: io.signal };
  const status = await callSocket(join(session, sessionFiles.socket), call);
  if (status === undefined) throw await unexpectedEnd(session);
  return checkTestbed(status, session, io, output);
}

/**
 * Starts the container of the job's scripts unless it runs already. This happens only before the first script, because the job
 * chooses the container's image.
 * @returns the outcome of the stage if the container cannot run scripts, which is then in the log; else `undefined`
 * @throws EnvironmentError when that is this machine's fault
 */
async function startJobContainer(session: string, { log, signal }: StageIo): Promise<Outcome | undefined> {
  const { status, errorOutput } = await callServer(session, 'begin', signal);
  if (status === undefined) throw await unexpectedEnd(session);
  if (status === 0) return undefined;
  if (status !== statusByFault.usage) throw new EnvironmentError(errorOutput.replace(/^alpy: /, ''));
  await logOnce(session, errorOutput, log);
  return outcomeOfStatus(status);
}

/**
 * Checks the testbed after a script: the script may have failed because the testbed broke, or succeeded although the guest or a
 * service died.
 * @param status - exit status of the script
 * @param output - what the script printed last
 */
async function checkTestbed(
  status: number,
  session: string,
  { log, signal }: StageIo,
  output: ScriptOutputTail,
): Promise<Outcome> {
  const testbed = await callServer(session, 'status', signal);
  const isNew = await logOnce(session, testbed.errorOutput, log, (message) => output.includes(message));
  const { device, usage } = statusByFault;
  if (testbed.status !== 0 && testbed.status !== device && testbed.status !== usage) return { kind: 'system' };
  // the guest powered off or rebooted, or a service ended; only the first script that sees it fails, not after_script as well
  return outcomeOfStatus(status === 0 && isNew ? testbed.status : status);
}

/** Asks the session server something. `status` is `undefined` if it ended before it answered. */
async function callServer(
  session: string,
  command: 'begin' | 'status',
  signal: AbortSignal,
): Promise<{ readonly status: number | undefined; readonly errorOutput: string }> {
  const chunks: Buffer[] = [];
  const stderr = (data: Buffer): void => void chunks.push(data);
  const call = { args: [command], stdout: () => undefined, stderr, signal };
  const status = await callSocket(join(session, sessionFiles.socket), call);
  return { status, errorOutput: Buffer.concat(chunks).toString().trim() };
}

/** The error for a testbed that ended by itself, with what its keeper printed last or with the end of its log. */
async function unexpectedEnd(session: string): Promise<EnvironmentError> {
  const readTail = async (...path: readonly string[]): Promise<string> => {
    const end = await readPlainEnd(join(session, ...path), 10_000).catch(() => ''); // it may have ended before it wrote the file
    return tail(end.toString().trim(), 2000);
  };
  const what = 'the testbed ended unexpectedly';
  if (!(await recordIfNew(session, what))) return new EnvironmentError(`${what}; see the error above`);
  const finalOutput = await readTail(sessionFiles.log);
  if (finalOutput !== '') return new EnvironmentError(`${what}: ${finalOutput}`);
  const recentLog = await readTail(sessionFiles.testbed, 'debug.log');
  return new EnvironmentError(`${what}, and its keeper printed no error. The log of the testbed ends with:\n${recentLog}`);
}
