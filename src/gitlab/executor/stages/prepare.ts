// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError, messageOf } from '../../../core/errors.ts';
import { makeRedactor, secretsOf } from '../../../core/redact.ts';
import { Engine } from '../../../docker/index.ts';
import { pullImages, resolveImages, type ResolvedImage } from '../../../images/index.ts';
import { startSessionServer } from '../../../session/index.ts';
import { artifactFolder } from '../files/collect.ts';
import { removeDeadJobs } from '../leftovers.ts';
import { describeRun, writeMark } from '../mark.ts';
import { jobPaths, projectDirectory } from '../paths.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { canStartEarly, jobImages, planSession } from '../plan.ts';
import { NoTestbedError } from '../outcome.ts';
import { assertJobIsSafe } from '../policy/job-policy.ts';
import { readStartFailure, recordStartFailure } from './start-failure.ts';

/**
 * Gets ready for a job: folders, container images, and the testbed, if all that it depends on is there already.
 * @throws UsageError when the job asks for something that cannot or may not be
 * @throws EnvironmentError, and others of the environment, when this machine cannot do it now
 */
export async function prepareJob(context: DriverContext, io: StageIo): Promise<void> {
  const { settings, job, env } = context;
  assertJobIsSafe(job, settings);
  projectDirectory(context);
  await makeFolders(context);
  await cleanUpDeadJobs(context, io);
  const images = resolveImages(env, settings.alpyImages);
  const own = jobImages(context, images);
  using engine = await Engine.connect({ jobId: String(job.id) });
  await pullJobImages(engine, [...new Set([own.job, ...own.services])], context, io);
  if (canStartEarly(context)) await startEarly(context, io);
  else io.log('the testbed is made when the project is there, as that describes it');
}

/** The mark comes before the folder of builds, or another job might take that for a leftover. */
async function makeFolders({ settings, job, env }: DriverContext): Promise<void> {
  const { builds, cache, session } = jobPaths(settings, job);
  const making = async (folder: string, act: () => Promise<unknown>): Promise<void> => {
    await act().catch((cause: unknown) => {
      throw new EnvironmentError(`cannot make ${folder}: ${messageOf(cause)}; see root in ${settings.file}`, { cause });
    });
  };
  await making(builds, () => mkdir(dirname(builds), { recursive: true }));
  const mark = await describeRun(Date.now() + job.timeoutMs + settings.graceSeconds * 1000, env['TMPDIR']);
  await making(session, () => writeMark(session, mark));
  for (const folder of [builds, cache]) await making(folder, () => mkdir(folder, { recursive: true }));
}

/** Removes what jobs have left that were never cleaned up, such as after a crash of the machine. This job goes on in any case. */
async function cleanUpDeadJobs({ settings, env, job }: DriverContext, { log, signal }: StageIo): Promise<void> {
  try {
    for (const key of await removeDeadJobs({ settings, env }, signal, job.key)) log(`removed what was left of job ${key}`);
  } catch (error) {
    signal.throwIfAborted();
    log(`could not remove what is left of other jobs: ${messageOf(error)}`);
  }
}

/**
 * Makes the testbed. If its guest was started in vain, the job goes on until its first script all the same: after a prepare
 * that fails GitLab Runner uploads no artifacts.
 */
async function startEarly(context: DriverContext, io: StageIo): Promise<void> {
  try {
    await startTestbed(context, io);
  } catch (error) {
    const { session } = jobPaths(context.settings, context.job);
    if (!(error instanceof NoTestbedError) || !(await readStartFailure(session))) throw error;
    io.log(makeRedactor(secretsOf(context.job.variables))(`alpy: ${error.message}`));
    io.log(
      `the job has no testbed and ends at its first script. Until then it goes on, so that what the boot has left can be uploaded from ${artifactFolder}: artifacts with when: always`,
    );
  }
}

/**
 * Makes the job's testbed.
 * @throws NoTestbedError when what describes it is to blame: it then has the outcome for the job
 * @throws what planSession and startSessionServer throw
 */
export async function startTestbed(context: DriverContext, io: StageIo): Promise<void> {
  const spec = await planSession(context);
  const { appliance, topology } = spec.config;
  io.log(`making the testbed: ${appliance.name}, ${topology.links} links; scripts run beside ${spec.job?.node ?? ''}`);
  await startSessionServer(spec, io.serverCommand, serverEnvironment(context.env), io.log, io.signal).catch(
    async (error: unknown) => {
      throw await recordStartFailure(spec.directory, error, context.job);
    },
  );
}

/** A keeper has no use for what is only of one stage, or of the job. */
function serverEnvironment(env: DriverContext['env']): DriverContext['env'] {
  const dropped = /^(CUSTOM_ENV_|JOB_RESPONSE_FILE$|BUILD_|SYSTEM_FAILURE_|TMPDIR$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.test(name)));
}

async function pullJobImages(
  { docker }: Engine,
  references: readonly string[],
  { env, settings }: DriverContext,
  { log, signal }: StageIo,
): Promise<void> {
  const images = references.map((reference): ResolvedImage => ({
    name: reference,
    reference,
    origin: settings.file,
    buildable: false,
  }));
  await pullImages(images, {
    docker,
    env,
    signal,
    onResult: ({ image, action }) => {
      log(`image ${image.reference}: ${action}`);
    },
  });
}
