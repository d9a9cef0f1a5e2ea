// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentError, messageOf } from '../../../core/errors.ts';
import { makeRedactor, secretsOf } from '../../../core/redact.ts';
import { Engine } from '../../../docker/index.ts';
import { pullImages, resolveImages, type ResolvedImage } from '../../../images/index.ts';
import { startSessionServer } from '../../../session/index.ts';
import { resolveTopology } from '../../../topology/index.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { artifactFolder } from '../files/collect.ts';
import { removeDeadJobs } from '../leftovers.ts';
import { describeOwner, writeOwner } from '../job-owner.ts';
import { NoTestbedError } from '../outcome.ts';
import { jobPaths, projectDirectory } from '../paths.ts';
import { canStartEarly, jobImages, planSession } from '../plan.ts';
import { assertJobIsSafe } from '../policy/job-policy.ts';
import { readStartFailure, recordStartFailure } from './start-failure.ts';

/**
 * Prepares a job: creates its folders, pulls its images, and creates the testbed if that does not depend on the project.
 * @throws UsageError when the job asks for something that does not exist or is not allowed
 * @throws EnvironmentError and other errors of the environment when this machine cannot run the job now
 */
export async function prepareJob(context: DriverContext, io: StageIo): Promise<void> {
  const { settings, job, env } = context;
  assertJobIsSafe(job, settings);
  projectDirectory(context);
  await createFolders(context);
  await cleanUpDeadJobs(context, io);
  const images = resolveImages(env, settings.alpyImages);
  const { job: jobImage, services } = jobImages(context, images);
  using engine = await Engine.connect({ jobId: String(job.id) });
  await pullJobImages(engine, [...new Set([jobImage, ...services])], context, io);
  if (canStartEarly(context)) await startEarly(context, io);
  else io.log('the testbed will be created after the checkout, because the project describes it');
}

/** The owner file must exist before the folder of builds: without it, another job might remove the folder as a leftover. */
async function createFolders({ settings, job, env }: DriverContext): Promise<void> {
  const { builds, cache, session } = jobPaths(settings, job);
  const create = async (folder: string, act: () => Promise<unknown>): Promise<void> => {
    await act().catch((cause: unknown) => {
      throw new EnvironmentError(`cannot create ${folder}: ${messageOf(cause)}. Check root in ${settings.file}`, { cause });
    });
  };
  await create(builds, () => createPrivateFolder(dirname(builds)));
  const owner = await describeOwner(Date.now() + job.timeoutMs + settings.graceSeconds * 1000, env['TMPDIR']);
  await create(session, () => writeOwner(session, owner));
  for (const folder of [builds, cache]) await create(folder, () => mkdir(folder, { recursive: true }));
}

/** What a job leaves may be a program with the setuid bit: no other user of this machine may reach it. */
async function createPrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700); // an older alpy created it for all
}

/** Removes leftovers of jobs that were never cleaned up, for example after a crash. A failure does not stop this job. */
async function cleanUpDeadJobs({ settings, env, job }: DriverContext, { log, signal }: StageIo): Promise<void> {
  try {
    for (const key of await removeDeadJobs({ settings, env }, signal, job.key)) log(`removed the leftovers of job ${key}`);
  } catch (error) {
    signal.throwIfAborted();
    log(`could not remove the leftovers of other jobs: ${messageOf(error)}`);
  }
}

/**
 * Creates the testbed. If its guest started but did not boot, the job goes on until its first script, because GitLab Runner uploads
 * no artifacts after a `prepare` that fails.
 */
async function startEarly(context: DriverContext, io: StageIo): Promise<void> {
  try {
    await startTestbed(context, io);
  } catch (error) {
    const { session } = jobPaths(context.settings, context.job);
    if (!(error instanceof NoTestbedError) || !(await readStartFailure(session))) throw error;
    io.log(makeRedactor(secretsOf(context.job.variables))(`alpy: ${error.message}`));
    io.log(
      `the job has no testbed and will fail at its first script. It goes on until then so that logs and captures of the boot can be uploaded from ${artifactFolder}; this needs artifacts with when: always`,
    );
  }
}

/**
 * Creates the job's testbed.
 * @throws NoTestbedError when the description of the testbed is to blame; it says how the job ends
 * @throws the errors of planSession and startSessionServer
 */
export async function startTestbed(context: DriverContext, io: StageIo): Promise<void> {
  const spec = await planSession(context);
  const { devices, topology } = spec.config;
  const names = topology.duts ? devices.map(({ name }) => name) : devices.map(({ appliance }) => appliance.name);
  io.log(
    `creating the testbed: ${names.join(', ')}, ${resolveTopology(topology).links.length} links; scripts run on ${spec.job?.node ?? ''}`,
  );
  try {
    await startSessionServer(spec, io.serverCommand, serverEnvironment(context.env), io.log, io.signal);
  } catch (error) {
    throw await recordStartFailure(spec.directory, error, context.job);
  }
}

/** The driver's environment without variables that belong to one stage or to the job. */
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
