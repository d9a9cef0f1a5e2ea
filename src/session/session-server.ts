// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signalAt } from '../core/deadline.ts';
import { EnvironmentError } from '../core/errors.ts';
import { ownIdentity } from '../core/identity.ts';
import { isJsonObject } from '../core/json-object.ts';
import { Lifetime } from '../core/lifetime.ts';
import { markHandled } from '../core/mark-handled.ts';
import { makeRedactor } from '../core/redact.ts';
import { log, withSink, type StepSink } from '../core/step.ts';
import { connectTimeoutMs, Engine } from '../docker/index.ts';
import type { Appliance } from '../config/index.ts';
import { configuredFiles } from '../qemu/index.ts';
import { composeSinks, DebugLog, redactSink } from '../report/index.ts';
import { draftPrefix } from '../snapshot/index.ts';
import {
  checkSnapshotSupport,
  inspectHost,
  seedPaths,
  TestbedFactory,
  type DeviceRequest,
  type HostFacts,
  type SnapshotPlace,
  type Testbed,
} from '../testbed/index.ts';
import { isReadinessKnown } from '../testbed/snapshot-place.ts';
import { resolveTopology, servedPaths } from '../topology/index.ts';
import { assertFilesAreAllowed } from './allowed-files.ts';
import { answererOf } from './answer.ts';
import type { Answerer } from './call.ts';
import { serveConsoles } from './console-socket.ts';
import { serveFolder } from './file-calls.ts';
import type { Session } from './session.ts';
import { JobContainer, runScript, startJobContainer } from './job-container.ts';
import { checkServices, startServices } from './services.ts';
import { serveSocket } from './socket.ts';
import { sessionFiles, sessionSockets, type SessionSpec } from './spec.ts';

/** @throws EnvironmentError when the file cannot be read, or is damaged */
export async function readSpec(directory: string): Promise<SessionSpec> {
  const file = join(directory, sessionFiles.spec);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new EnvironmentError(`cannot read ${file}`, { cause });
  });
  try {
    const spec: unknown = JSON.parse(text);
    if (isJsonObject(spec)) return spec as unknown as SessionSpec;
  } catch {
    // not even JSON
  }
  throw new EnvironmentError(`expected the description of a testbed in ${file}, got something else. Create the testbed again`);
}

/**
 * Creates a testbed and holds it until it gets the call `stop`, `signal` fires or its deadline passes; then tears it down.
 * @param onReady - called when the testbed can be used
 * @param sink - takes events for the process that waits for the testbed
 * @throws what inspectHost, `TestbedFactory.create`, `Dut.boot` and `Testbed.close` throw
 * @throws UsageError when the disk image is in a folder that is not allowed
 * @throws ServiceError when a service does not run
 */
export async function keep(spec: SessionSpec, signal: AbortSignal, onReady: () => void, sink: StepSink): Promise<void> {
  const directory = join(spec.directory, sessionFiles.testbed);
  await mkdir(directory, { recursive: true });
  await writeFile(join(spec.directory, sessionFiles.identity), ownIdentity() ?? '', { mode: 0o600 });
  using debugLog = DebugLog.open(directory);
  await withSink(redactSink(composeSinks(debugLog.sink, sink), makeRedactor(spec.secrets)), async () => {
    await using lifetime = new Lifetime();
    const overdue = signalAt(spec.deadlineMs);
    const asked = new AbortController();
    const closed = Promise.withResolvers<void>();
    markHandled(closed.promise); // thrown below too
    const end = AbortSignal.any([signal, overdue, asked.signal]);
    const { testbed, job } = await hold(spec, directory, lifetime, end, () => {
      asked.abort(new EnvironmentError('the testbed was stopped'));
      return closed.promise;
    });
    onReady();
    if (!end.aborted) await once(end, 'abort');
    if (overdue.aborted) log('alpy.session', 'the deadline of the job has passed: the testbed ends');
    closed.resolve(endAll(testbed, job)); // answers the call `stop`
    await closed.promise;
  });
}

/** @throws what `Testbed.close` throws, and ContainerError when the job's container cannot be removed */
async function endAll(testbed: Testbed, job: JobContainer | undefined): Promise<void> {
  const outcomes = await Promise.allSettled([testbed.close(), job?.[Symbol.asyncDispose]()]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Creates everything and opens the sockets. */
async function hold(
  spec: SessionSpec,
  directory: string,
  lifetime: Lifetime,
  signal: AbortSignal,
  stop: () => Promise<void>,
): Promise<{ readonly testbed: Testbed; readonly job: JobContainer | undefined }> {
  const engine = await Engine.connect({ runId: spec.runId, jobId: spec.jobId }, { timeoutMs: connectTimeoutMs, signal });
  lifetime.defer('engine', () => {
    engine[Symbol.dispose]();
  });
  guardFiles(engine, spec, directory);
  const testbed = await bootTestbed(engine, spec, directory, lifetime, signal);
  const services = await startServices(testbed, spec.services, signal);
  const shared = join(spec.directory, sessionFiles.shared);
  const jobless: Session = { testbed, services, directory };
  await mkdir(shared, { recursive: true });
  const consoles = await serveConsoles(shared, testbed);
  lifetime.defer('console sockets', async () => {
    await consoles[Symbol.asyncDispose]();
  });
  if (spec.job) {
    const folder = await serveFolder(shared, answererOf(jobless));
    lifetime.defer('calls', async () => {
      await folder[Symbol.asyncDispose]();
    });
  }
  const jobSpec = spec.job;
  const job = jobSpec && new JobContainer(() => startJobContainer(engine, testbed, jobSpec, signal));
  if (job) lifetime.defer('job', () => job[Symbol.asyncDispose]());
  const socket = await serveSocket(join(spec.directory, sessionFiles.socket), localAnswerer(jobless, job, stop), isStop);
  lifetime.defer('socket', async () => {
    await socket[Symbol.asyncDispose]();
  });
  checkServices(services);
  return { testbed, job };
}

/** Notes the files that must not outlive a keeper that is killed. */
function guardFiles(engine: Engine, { directory, snapshotDirectory, config }: SessionSpec, testbedDirectory: string): void {
  engine.guard(
    ...sessionSockets(
      directory,
      config.devices.map(({ name }) => name),
    ),
    { socketsBelow: testbedDirectory },
    { folder: snapshotDirectory, prefix: draftPrefix },
  );
}

function isStop([name]: readonly string[]): boolean {
  return name === 'stop';
}

/** Answers callers on this machine, which may do more than a job's programs: stop the session, run the job's scripts. */
function localAnswerer(session: Session, job: JobContainer | undefined, stop: () => Promise<void>): Answerer {
  return answererOf(session, async (call) => {
    const [name] = call.args;
    if (isStop(call.args)) {
      await stop();
      return 0;
    }
    if (!job || (name !== 'begin' && name !== 'script')) return undefined;
    const isFirst = !job.isBegun;
    const container = await job.started();
    if (name === 'script') return runScript(container, call);
    // a service that ends at once has ended by now; after_script runs even if services have ended
    if (isFirst) checkServices(session.services);
    return 0;
  });
}

async function bootTestbed(
  engine: Engine,
  spec: SessionSpec,
  directory: string,
  lifetime: Lifetime,
  signal: AbortSignal,
): Promise<Testbed> {
  const { config, images, accelCacheFile, unpackedDirectory } = spec;
  const { devices, topology, boot } = config;
  const host = await inspectHost(engine, { images, accel: config.accel, directory, accelCacheFile, unpackedDirectory }, signal);
  // the check starts a container
  const needsSnapshots = boot === 'snapshot' && devices.some(({ appliance }) => isReadinessKnown(appliance));
  const snapshots = needsSnapshots ? await snapshotPlace(engine, host, spec, signal) : undefined;
  const factory = new TestbedFactory(engine, host, { snapshots });
  const named = devices.flatMap(({ appliance }) => [...seedPaths(appliance), ...imagePaths(appliance)]);
  await assertFilesAreAllowed([...named, ...servedPaths(topology)], spec.diskFolders); // before they are read
  const requests: DeviceRequest[] = [];
  for (const { appliance } of devices) {
    const disk = await factory.inspectDisk(appliance, signal);
    await assertFilesAreAllowed(configuredFiles(disk), spec.diskFolders);
    requests.push({ appliance, disk });
  }
  const start = needsSnapshots ? 'snapshot' : 'cold';
  const testbed = await factory.create(
    { devices: requests, topology: resolveTopology(topology, devices), directory, start },
    signal,
  );
  lifetime.defer('testbed', () => testbed.close());
  return await testbed.boot({ signal });
}

/** The images that the configuration names. */
function imagePaths({ image, disks = [], cdroms = [] }: Appliance): readonly string[] {
  return [image, ...disks.map((disk) => disk.image), ...cdroms].filter((path) => path !== undefined);
}

async function snapshotPlace(
  engine: Engine,
  host: HostFacts,
  { config, snapshotDirectory }: SessionSpec,
  signal: AbortSignal,
): Promise<SnapshotPlace> {
  const reason = await checkSnapshotSupport(engine, host, snapshotDirectory, signal);
  return reason ?? { directory: snapshotDirectory, maxBytes: config.snapshots.maxMiB * 1024 ** 2 };
}
