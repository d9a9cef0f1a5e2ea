// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, messageOf } from '../../core/errors.ts';
import { tail } from '../../core/text.ts';
import { callSocket, isKept, sessionFiles, stopKeeper } from '../../session/index.ts';
import { artifactFolder, collectFiles } from './collect.ts';
import { filteringShell } from './host-shell.ts';
import { dropForeignLinks } from './links.ts';
import { outcomeOfStatus, type Outcome } from './outcome.ts';
import { jobPaths } from './paths.ts';
import { projectDirectory, type Surroundings } from './plan.ts';
import { runPredefined } from './predefined.ts';
import { startTestbed, type StageIo } from './prepare.ts';
import { haveScriptsBegun, keepPristine, sealBuilds } from './seal.ts';
import { handlesFiles, isAfterScripts, isPredefined } from './stages.ts';

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
  around: Surroundings,
  script: string,
  stage: string,
  io: StageIo & ScriptOutput,
): Promise<Outcome> {
  if (!isPredefined(stage)) return runInTestbed(around, script, io);
  const isAfter = haveScriptsBegun(around);
  if (isAfter || isAfterScripts(stage)) await stopTestbed(around, io);
  if (isAfter) await sealBuilds(around, io);
  else if (handlesFiles(stage)) await dropForeignLinks(around, io);
  if (isAfter || isAfterScripts(stage)) await collectOnce(around, io);
  const { trustJobs, variables } = around.settings;
  const shell = trustJobs ? undefined : filteringShell(`${projectDirectory(around)}.tmp`, variables.allow);
  return outcomeOfStatus(await runPredefined(script, around.env, io.signal, shell));
}

async function runInTestbed(around: Surroundings, script: string, io: StageIo & ScriptOutput): Promise<Outcome> {
  const { session } = jobPaths(around.settings, around.job);
  if (!existsSync(join(session, sessionFiles.spec))) await startTestbed(around, io);
  await keepPristine(around);
  const input = await readFile(script);
  const socket = join(session, sessionFiles.socket);
  const { stdout, stderr, signal } = io;
  if (!(await isKept(session))) throw await lostTestbed(session);
  await startJobContainer(session, signal);
  const status = await callSocket(socket, { args: ['script'], input, stdout, stderr, signal });
  if (status === undefined) throw await lostTestbed(session);
  return judge(status, socket, io);
}

/** Has the keeper start the container of the scripts, unless it runs: not before the first of them, as its image is the job's choice. */
async function startJobContainer(session: string, signal: AbortSignal): Promise<void> {
  const said: Buffer[] = [];
  const stderr = (data: Buffer): void => void said.push(data);
  const status = await callSocket(join(session, sessionFiles.socket), {
    args: ['begin'],
    stdout: () => undefined,
    stderr,
    signal,
  });
  if (status === undefined) throw await lostTestbed(session);
  if (status !== 0)
    throw new EnvironmentError(
      Buffer.concat(said)
        .toString()
        .trim()
        .replace(/^alpy: /, ''),
    );
}

/** What is known of a testbed that has ended though nobody has told it to: its keeper's last words, or what it did last. */
async function lostTestbed(session: string): Promise<EnvironmentError> {
  const read = async (...path: readonly string[]): Promise<string> => {
    const text = await readFile(join(session, ...path), 'utf8').catch(() => ''); // it may have ended before it wrote one
    return tail(text.trim(), 2000);
  };
  const words = await read(sessionFiles.log);
  if (words !== '') return new EnvironmentError(`the testbed has gone: ${words}`);
  const deeds = await read(sessionFiles.testbed, 'debug.log');
  return new EnvironmentError(`the testbed has gone, and its keeper said nothing; its last deeds were:\n${deeds}`);
}

/** A script may have failed because the testbed broke, or gone well though the guest has died. */
async function judge(status: number, socket: string, { stderr, signal }: StageIo & ScriptOutput): Promise<Outcome> {
  const state = await callSocket(socket, { args: ['status'], stdout: () => undefined, stderr, signal });
  if (state === undefined || state > 1) return { kind: 'system' };
  if (status === 0 && state === 1) return { kind: 'failure', exitCode: 1 }; // the guest powered off or rebooted of itself
  return outcomeOfStatus(status);
}

/** Ends the testbed, so that its captures are whole. That it does not end well keeps nothing else from being done. */
async function stopTestbed(around: Surroundings, { say, signal }: StageIo): Promise<void> {
  const { session } = jobPaths(around.settings, around.job);
  try {
    const complaint = await stopKeeper(session, signal);
    if (complaint !== '') say(complaint);
  } catch (error) {
    signal.throwIfAborted();
    say(`the testbed did not end as it should: ${messageOf(error)}`);
  }
}

/** Puts the testbed's files among those of the project: once, and also when it has ended by itself, as they tell why. */
async function collectOnce(around: Surroundings, { say, signal }: StageIo): Promise<void> {
  const { session } = jobPaths(around.settings, around.job);
  const mark = join(session, 'collected');
  if (!existsSync(join(session, sessionFiles.testbed)) || existsSync(mark)) return;
  try {
    await collectFiles(around, signal);
    await writeFile(mark, '');
    say(`captures, console logs and events are in ${artifactFolder}`);
  } catch (error) {
    signal.throwIfAborted();
    say(`the files of the testbed are not complete: ${messageOf(error)}`); // its artifacts are wanted all the same
  }
}
