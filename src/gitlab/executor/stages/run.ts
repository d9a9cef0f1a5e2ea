// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.ts';
import { sessionFiles, stopSession } from '../../../session/index.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { artifactFolder, collectFiles } from '../files/collect.ts';
import { collectedFile } from '../files/keep.ts';
import { haveArchivesArrived, haveScriptsBegun, recordArchives, sanitizeBuilds, savePristine } from '../files/sanitize.ts';
import { removeEscapingLinks } from '../files/symlinks.ts';
import { outcomeOfStatus, type Outcome } from '../outcome.ts';
import { jobPaths, projectDirectory } from '../paths.ts';
import { filteringShell } from '../policy/host-shell.ts';
import { logOnce } from './log-once.ts';
import { runPredefined } from './predefined.ts';
import { handlesFiles, isAfterScripts, isPredefined, unpacksArchives } from './sub-stages.ts';
import { runUnpacking } from './unpack.ts';
import { runUserScript, type ScriptOutput } from './user-script.ts';

/**
 * Runs a script of the runner: predefined ones on this machine, or in a container of their own if they unpack archives; all others
 * in the job's container.
 * @param script - path of the script
 * @param stage - name of the sub-stage; may be unknown to us
 * @throws the errors of {@link runUserScript}
 * @throws EnvironmentError when a predefined script cannot run safely
 */
export async function runStage(
  context: DriverContext,
  script: string,
  stage: string,
  io: StageIo & ScriptOutput,
): Promise<Outcome> {
  if (!isPredefined(stage)) return runUserScript(context, script, io);
  const haveBegun = haveScriptsBegun(context);
  const isAfter = haveBegun || isAfterScripts(stage);
  const { trustJobs, variables } = context.settings;
  if (isAfter) await stopTestbed(context, io);
  if (haveBegun || (isAfter && haveArchivesArrived(context))) await sanitizeBuilds(context, io);
  else if (handlesFiles(stage)) await removeEscapingLinks(context, io);
  if (isAfter) await collectOnce(context, io);
  if (unpacksArchives(stage)) {
    await savePristine(context);
    await recordArchives(context);
    if (!trustJobs) return outcomeOfStatus(await runUnpacking(context, script, io));
  }
  const shell = trustJobs ? undefined : filteringShell(`${projectDirectory(context)}.tmp`, variables.allow);
  return outcomeOfStatus(await runPredefined(script, context.env, io.signal, shell));
}

/** Ends the testbed, which completes its captures. Failing to do so is logged and does not stop the stage. */
async function stopTestbed(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { session } = jobPaths(context.settings, context.job);
  try {
    const errorOutput = await stopSession(session, signal);
    await logOnce(session, errorOutput, log);
  } catch (error) {
    signal.throwIfAborted();
    log(`the testbed did not end cleanly: ${messageOf(error)}`);
  }
}

/** Copies the testbed's files into the project, once. Also does so if the testbed broke, because they show why. */
async function collectOnce(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { session } = jobPaths(context.settings, context.job);
  const doneFile = join(session, collectedFile);
  if (!existsSync(join(session, sessionFiles.testbed)) || existsSync(doneFile)) return;
  try {
    await collectFiles(context, signal);
    await writeFile(doneFile, '');
    log(`captures, console logs and events are in ${artifactFolder}`);
  } catch (error) {
    signal.throwIfAborted();
    log(`files of the testbed are missing in ${artifactFolder}: ${messageOf(error)}`); // the stage uploads what is there
  }
}
