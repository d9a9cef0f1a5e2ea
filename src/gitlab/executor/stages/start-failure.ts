// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, statusByFault } from '../../../core/errors.ts';
import { SessionError, sessionFiles } from '../../../session/index.ts';
import { artifactFolder } from '../files/collect.ts';
import type { Job } from '../job.ts';
import { NoTestbedError, outcomeOfError, type NoTestbed, type Outcome } from '../outcome.ts';

/** In the folder of a job's session. */
const noteFile = 'failed.json';

/**
 * Whether the testbed is just what the runner's administrator has described: then the job is not to blame if the appliance
 * doesn't boot. Pure.
 */
export function usesRunnersAppliance({ variables }: Pick<Job, 'variables'>): boolean {
  const isChanged = Object.entries(variables).some(([name, value]) => value && /^ALPY_(APPLIANCE_|TOPOLOGY)/.test(name));
  return Boolean(variables['ALPY_APPLIANCE']) && !isChanged;
}

/**
 * How a job ends whose testbed could not be set up. What the job describes is the job's fault: it ends with the exit status
 * that `alpy run` has for the error, and is not tried again. Pure.
 */
export function outcomeOfStartFailure(error: unknown, job: Pick<Job, 'variables'>): Outcome {
  if (!(error instanceof SessionError) || !error.culprit) return outcomeOfError(error);
  if (error.culprit !== 'service' && usesRunnersAppliance(job)) return { kind: 'system' };
  return { kind: 'failure', exitCode: statusByFault[error.fault] };
}

/**
 * Gives an error the outcome it has for the job. If a guest was started, keeps it for the job's later stages too, as the files
 * of the testbed log why.
 * @param session - folder of the job's session
 */
export async function recordStartFailure(session: string, error: unknown, job: Pick<Job, 'variables'>): Promise<unknown> {
  if (!(error instanceof SessionError) || error.culprit === undefined) return error;
  const { code, fault } = error;
  const message = error.message.replaceAll(join(session, sessionFiles.testbed), artifactFolder); // where the job will find it
  const note: NoTestbed = { message, code, fault, outcome: outcomeOfStartFailure(error, job) };
  if (error.culprit !== 'disk') {
    await mkdir(session, { recursive: true, mode: 0o700 });
    await writeFile(join(session, noteFile), JSON.stringify(note), { mode: 0o600 });
  }
  return new NoTestbedError(note, { cause: error });
}

/** Why the job has no testbed, if an earlier stage has kept a reason. */
export async function readStartFailure(session: string): Promise<NoTestbedError | undefined> {
  const text = await readFile(join(session, noteFile), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const note = JSON.parse(text) as NoTestbed;
  const [firstLine = ''] = note.message.split('\n');
  return new NoTestbedError({ ...note, message: `there is no testbed, as the log says above: ${firstLine}` });
}
