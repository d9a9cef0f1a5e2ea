// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, EnvironmentError, statusByFault, type Fault } from '../../../core/errors.ts';
import { SessionError, sessionFiles } from '../../../session/index.ts';
import { artifactFolder } from '../files/collect.ts';
import type { Job } from '../job.ts';
import { NoTestbedError, outcomeOfError, type NoTestbed, type Outcome } from '../outcome.ts';

/** In the folder of a job's session: why the testbed could not be created. */
const failureFile = 'failed.json';

/**
 * Whether the job uses an appliance of the runner unchanged. Then the job is not to blame if the appliance doesn't boot. Pure.
 */
export function usesRunnersAppliance({ variables }: Pick<Job, 'variables'>): boolean {
  const isChanged = Object.entries(variables).some(([name, value]) => value && /^ALPY_(APPLIANCE_|TOPOLOGY)/.test(name));
  return Boolean(variables['ALPY_APPLIANCE']) && !isChanged;
}

/**
 * How a job ends if its testbed could not be created. An error in what the job describes is the job's fault: the job ends with the
 * exit status that `alpy run` has for the error, and the runner does not try again. Pure.
 */
export function outcomeOfStartFailure(error: unknown, job: Pick<Job, 'variables'>): Outcome {
  if (!(error instanceof SessionError) || !error.culprit) return outcomeOfError(error);
  if (error.culprit !== 'service' && usesRunnersAppliance(job)) return { kind: 'system' };
  return { kind: 'failure', exitCode: statusByFault[error.fault] };
}

/**
 * Turns an error of the testbed's start into one that says how the job ends. If a guest was started, the error is also stored for
 * the later stages of the job, which then upload the files of the testbed.
 * @param session - folder of the job's session
 * @returns a {@link NoTestbedError}, or the error itself if the description of the testbed is not to blame
 */
export async function recordStartFailure(session: string, error: unknown, job: Pick<Job, 'variables'>): Promise<unknown> {
  if (!(error instanceof SessionError) || error.culprit === undefined) return error;
  const { code, fault } = error;
  const message = error.message.replaceAll(join(session, sessionFiles.testbed), artifactFolder); // where the job will find it
  const failure: NoTestbed = { message, code, fault, outcome: outcomeOfStartFailure(error, job) };
  if (error.culprit !== 'disk') {
    await mkdir(session, { recursive: true, mode: 0o700 });
    await writeFile(join(session, failureFile), JSON.stringify(failure), { mode: 0o600 });
  }
  return new NoTestbedError(failure, { cause: error });
}

/** Reads why the job has no testbed. @returns `undefined` if no earlier stage stored an error */
export async function readStartFailure(session: string): Promise<NoTestbedError | undefined> {
  const text = await readFile(join(session, failureFile), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const failure = parseFailure(text);
  if (!failure)
    throw new EnvironmentError(`expected the reason why there is no testbed in ${session}/${failureFile}, got something else`);
  const [firstLine = ''] = failure.message.split('\n');
  return new NoTestbedError({ ...failure, message: `there is no testbed; see the error above: ${firstLine}` });
}

const OutcomeSchema = z.union([
  z.object({ kind: z.enum(['success', 'system']) }),
  z.object({ kind: z.literal('failure'), exitCode: z.int() }),
]);
const FailureSchema = z.object({
  message: z.string(),
  code: z.string(),
  fault: z.enum(Object.keys(statusByFault) as [Fault, ...Fault[]]),
  outcome: OutcomeSchema,
});

/** @returns `undefined` if the file is damaged, for example because the disk was full */
function parseFailure(text: string): NoTestbed | undefined {
  try {
    return FailureSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
