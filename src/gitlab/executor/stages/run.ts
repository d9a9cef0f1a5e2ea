// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, messageOf, statusByFault } from '../../../core/errors.ts';
import { tail } from '../../../core/text.ts';
import { callSocket, isSessionUp, sessionFiles, stopSession } from '../../../session/index.ts';
import { artifactFolder, collectFiles } from '../files/collect.ts';
import { collectedFile, recordInterruption } from '../files/keep.ts';
import { filteringShell } from '../policy/host-shell.ts';
import { removeEscapingLinks } from '../files/symlinks.ts';
import { outcomeOfStatus, type Outcome } from '../outcome.ts';
import { jobPaths, projectDirectory } from '../paths.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { runPredefined } from './predefined.ts';
import { startTestbed } from './prepare.ts';
import { recordIfNew, ScriptOutputTail, logOnce } from './log-once.ts';
import { haveScriptsBegun, savePristine, recordScriptsBegun, sanitizeBuilds } from '../files/sanitize.ts';
import { handlesFiles, isAfterScripts, isPredefined } from './sub-stages.ts';
import { readStartFailure } from './start-failure.ts';

/** Where the output of a job's script goes. */
export interface ScriptOutput {
  readonly stdout: (data: Buffer) => void;
  readonly stderr: (data: Buffer) => void;
}

/**
 * Runs a script of the runner: a predefined one here, any other in the job's container.
 * @param script - path of the script
 * @param stage - name of the sub-stage, known or not
 * @throws what `startTestbed` throws, when the testbed is still to be made
 * @throws EnvironmentError when the testbed has gone
 */
export async function runStage(
  context: DriverContext,
  script: string,
  stage: string,
  io: StageIo & ScriptOutput,
): Promise<Outcome> {
  if (!isPredefined(stage)) return runUserScript(context, script, io);
  const isAfter = haveScriptsBegun(context);
  if (isAfter || isAfterScripts(stage)) await stopTestbed(context, io);
  if (isAfter) await sanitizeBuilds(context, io);
  else if (handlesFiles(stage)) {
    await savePristine(context);
    await removeEscapingLinks(context, io);
  }
  if (isAfter || isAfterScripts(stage)) await collectOnce(context, io);
  const { trustJobs, variables } = context.settings;
  const shell = trustJobs ? undefined : filteringShell(`${projectDirectory(context)}.tmp`, variables.allow);
  return outcomeOfStatus(await runPredefined(script, context.env, io.signal, shell));
}

async function runUserScript(context: DriverContext, script: string, io: StageIo & ScriptOutput): Promise<Outcome> {
  try {
    return await runInTestbed(context, script, io);
  } catch (error) {
    const word = io.signal.aborted ? await recordInterruption(context) : undefined;
    if (word !== undefined) io.log(word);
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
  const input = await readFile(script);
  const { stdout, stderr, signal } = io;
  if (!(await isSessionUp(session))) throw await lostTestbed(session);
  const refused = await beginScripts(session, io);
  if (refused) return refused;
  const end = new ScriptOutputTail();
  const keep = (take: (data: Buffer) => void) => (data: Buffer) => {
    end.take(data);
    take(data);
  };
  const call = { args: ['script'], input, stdout: keep(stdout), stderr: keep(stderr), signal };
  const status = await callSocket(join(session, sessionFiles.socket), call);
  if (status === undefined) throw await lostTestbed(session);
  return judge(status, session, io, end);
}

/**
 * Has the keeper start the container of the scripts, unless it runs: not before the first of them, as its image is the job's
 * choice.
 * @returns how the stage ends when there can be no scripts, which the log then says
 * @throws EnvironmentError when this machine is to blame for that
 */
async function beginScripts(session: string, { log, signal }: StageIo): Promise<Outcome | undefined> {
  const words: Buffer[] = [];
  const stderr = (data: Buffer): void => void words.push(data);
  const call = { args: ['begin'], stdout: () => undefined, stderr, signal };
  const status = await callSocket(join(session, sessionFiles.socket), call);
  if (status === undefined) throw await lostTestbed(session);
  if (status === 0) return undefined;
  const said = Buffer.concat(words).toString().trim();
  if (status !== statusByFault.usage) throw new EnvironmentError(said.replace(/^alpy: /, ''));
  await logOnce(session, said, log);
  return outcomeOfStatus(status);
}

/** What is known of a testbed that has ended though nobody has told it to: its keeper's last words, or what it did last. */
async function lostTestbed(session: string): Promise<EnvironmentError> {
  const read = async (...path: readonly string[]): Promise<string> => {
    const text = await readFile(join(session, ...path), 'utf8').catch(() => ''); // it may have ended before it wrote one
    return tail(text.trim(), 2000);
  };
  const what = 'the testbed has gone';
  if (!(await recordIfNew(session, what))) return new EnvironmentError(`${what}, as the log says above`);
  const words = await read(sessionFiles.log);
  if (words !== '') return new EnvironmentError(`${what}: ${words}`);
  const deeds = await read(sessionFiles.testbed, 'debug.log');
  return new EnvironmentError(`${what}, and its keeper said nothing; its last deeds were:\n${deeds}`);
}

/** A script may have failed because the testbed broke, or gone well though the guest or a service has died. */
async function judge(
  status: number,
  session: string,
  { log, signal }: StageIo & ScriptOutput,
  end: ScriptOutputTail,
): Promise<Outcome> {
  const words: Buffer[] = [];
  const keepWord = (data: Buffer): void => void words.push(data);
  const call = { args: ['status'], stdout: () => undefined, stderr: keepWord, signal };
  const state = await callSocket(join(session, sessionFiles.socket), call);
  const isNew = await logOnce(session, Buffer.concat(words).toString().trim(), log, (message) => end.has(message));
  const { device, usage } = statusByFault;
  if (state !== 0 && state !== device && state !== usage) return { kind: 'system' };
  // the guest powered off or rebooted of itself, or a service ended; that is not also the fault of after_script
  return outcomeOfStatus(status === 0 && isNew ? state : status);
}

/** Ends the testbed, so that its captures are whole. That it does not end well keeps nothing else from being done. */
async function stopTestbed(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { session } = jobPaths(context.settings, context.job);
  try {
    const complaint = await stopSession(session, signal);
    await logOnce(session, complaint, log);
  } catch (error) {
    signal.throwIfAborted();
    log(`the testbed did not end as it should: ${messageOf(error)}`);
  }
}

/** Puts the testbed's files among those of the project: once, and also when it has ended by itself, as they tell why. */
async function collectOnce(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { session } = jobPaths(context.settings, context.job);
  const mark = join(session, collectedFile);
  if (!existsSync(join(session, sessionFiles.testbed)) || existsSync(mark)) return;
  try {
    await collectFiles(context, signal);
    await writeFile(mark, '');
    log(`captures, console logs and events are in ${artifactFolder}`);
  } catch (error) {
    signal.throwIfAborted();
    log(`the files of the testbed are not complete: ${messageOf(error)}`); // its artifacts are wanted all the same
  }
}
