// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { secretsOf } from '../../core/redact.ts';
import { loadConfig, resolveConfig, type Config } from '../../config/index.ts';
import { imageNamed, resolveImages, type ResolvedImage } from '../../images/index.ts';
import { sharedFolder, sessionFiles, type ContainerLimits, type ServiceSpec, type SessionSpec } from '../../session/index.ts';
import { describeTopology, isLong, maxLinks, nodeNames, resolveTopology } from '../../topology/index.ts';
import type { DriverContext } from './driver-context.ts';
import { firstNonEmpty, type Job, type JobService } from './job.ts';
import { jobPaths, projectDirectory, runIdOf } from './paths.ts';
import { capabilitiesOf } from './policy/capability-policy.ts';
import { assertImageIsAllowed, assertWithinLimits, resolveTopologyFile, withRunnerSettings } from './policy/testbed-policy.ts';

/** Variables of a job that configure its testbed. The administrator decides everything else. */
const testbedVariables = /^ALPY_(APPLIANCE_.*|TOPOLOGY_.*|ACCEL|BOOT)$/;

/** The file of the project that describes the testbed by default. */
const defaultTopologyFile = 'alpy.yaml';

/** Whether the testbed can be created before the checkout, because nothing of it comes from the project. */
export function canStartEarly({ job: { variables } }: DriverContext): boolean {
  return Boolean(variables['ALPY_APPLIANCE']) && !variables['ALPY_TOPOLOGY'] && !variables['ALPY_APPLIANCE_IMAGE'];
}

/**
 * Plans the testbed of a job and checks that the job may have it.
 * @throws UsageError, ConfigError when the job asks for something that does not exist or is not allowed
 */
export async function planSession(context: DriverContext): Promise<SessionSpec> {
  const { settings, job, env, accelCacheFile } = context;
  const paths = jobPaths(settings, job);
  const project = projectDirectory(context);
  const { config, isRunners } = await loadTestbedConfig(context, project);
  assertWithinLimits(config, isRunners, settings);
  const images = resolveImages(env, settings.alpyImages);
  const { jobMemoryMiB: memoryMiB, jobPids: pids } = settings.limits;
  const limits = { memoryMiB, pids, capabilities: capabilitiesOf(job, settings) };
  const node = checkNode(firstNonEmpty(job.variables['ALPY_NODE'], defaultNode(config)), config, 'ALPY_NODE');
  const topology = resolveTopology(config.topology, config.devices);
  return {
    directory: paths.session,
    runId: runIdOf(job),
    jobId: String(job.id),
    config,
    images,
    accelCacheFile,
    snapshotDirectory: join(settings.root, 'snapshots'),
    unpackedDirectory: join(settings.root, 'images'),
    ...(isRunners && !job.variables['ALPY_APPLIANCE_IMAGE'] ? {} : { diskFolders: [project, ...settings.imageFolders] }),
    deadlineMs: Date.now() + job.timeoutMs + settings.graceSeconds * 1000,
    services: planServices(job, node, config, limits),
    job: {
      node,
      image: jobImages(context, images).job,
      mounts: [
        { source: paths.builds, target: paths.builds, readOnly: false },
        { source: join(paths.session, sessionFiles.shared), target: sharedFolder, readOnly: true },
        { source: join(paths.session, sessionFiles.shared, 'calls'), target: `${sharedFolder}/calls`, readOnly: false },
      ],
      environment: {
        ALPY_SESSION: sharedFolder,
        ALPY_CONSOLE_SOCKET: `${sharedFolder}/${sessionFiles.console}`,
        ALPY_DUT: isLong(config.topology) ? config.devices[0].name : config.devices[0].appliance.name,
        ALPY_NODE: node,
        ALPY_LINKS: String(topology.links.length),
        ALPY_TOPOLOGY_JSON: JSON.stringify(describeTopology(topology)),
      },
      limits,
    },
    secrets: secretsOf(job.variables), // debug.log and events.ndjson are artifacts, which the runner does not mask
  };
}

/** The images of the job's scripts and services. @throws UsageError when one is not allowed */
export function jobImages(
  { settings, job }: DriverContext,
  images: readonly ResolvedImage[],
): { readonly job: string; readonly services: readonly string[] } {
  const traffic = imageNamed(images, 'traffic').reference;
  const defaultImage = settings.images.default ?? traffic;
  const alwaysAllowed = [...new Set([defaultImage, traffic])];
  const chosen = { job: job.image === '' ? defaultImage : job.image, services: job.services.map(({ name }) => name) };
  for (const image of [chosen.job, ...chosen.services]) assertImageIsAllowed(image, alwaysAllowed, settings);
  return chosen;
}

/** Loads the description of the testbed. `isRunners`: it is an appliance of the runner, perhaps changed by variables. */
async function loadTestbedConfig(
  { settings, job }: DriverContext,
  project: string,
): Promise<{ readonly config: Config; readonly isRunners: boolean }> {
  const variables = Object.fromEntries(Object.entries(job.variables).filter(([name]) => testbedVariables.test(name)));
  const { ALPY_APPLIANCE: name = '', ALPY_TOPOLOGY: file = '' } = job.variables;
  if (name !== '' && file !== '') throw new UsageError('ALPY_APPLIANCE and ALPY_TOPOLOGY: expected one of them, got both');
  if (name === '') {
    const path = await resolveTopologyFile(project, file === '' ? defaultTopologyFile : file);
    return {
      config: withRunnerSettings(await loadConfig({ directory: project, file: path, variables }), settings),
      isRunners: false,
    };
  }
  const raw = Object.hasOwn(settings.appliances, name) ? settings.appliances[name] : undefined;
  if (!raw) {
    const names = Object.keys(settings.appliances).join(', ') || 'none';
    throw new UsageError(
      `ALPY_APPLIANCE: this runner has no appliance ${JSON.stringify(name)}; it has: ${names} (${settings.file})`,
    );
  }
  const loaded = resolveConfig({ file: settings.file, raw, variables, directory: project });
  return { config: withRunnerSettings(loaded, settings), isRunners: true };
}

/** The first node beside which containers can run, or else the first. */
function defaultNode(config: Config): string | undefined {
  const names = nodeNames(config.topology);
  return names.find((name) => !isGuest(config, name)) ?? names[0];
}

function isGuest({ topology: { nodes = {} } }: Config, name: string): boolean {
  return Object.hasOwn(nodes, name) && nodes[name]?.kind === 'guest';
}

/** Asserts that scripts or a service can run beside a node. */
function checkNode(name: string, config: Config, source: string): string {
  const names = nodeNames(config.topology);
  if (isGuest(config, name))
    throw new UsageError(
      `${source}: expected a node of kind container, beside which scripts and services can run, got ${name} of kind guest`,
    );
  if (names.includes(name)) return name;
  const near = nearest(name, names);
  throw new UsageError(
    `${source}: expected the name of a node (${names.join(', ') || 'none, because there are no links'}), got ${JSON.stringify(name)}${near === undefined ? '' : `. Did you mean ${near}?`}`,
  );
}

function planServices(job: Job, node: string, config: Config, limits: ContainerLimits): readonly ServiceSpec[] {
  const names = new Set<string>();
  // in the short form, an alias like node9 is a mistake if there is no such node; any other alias names only the service
  const possibleNodes = nodeNames(isLong(config.topology) ? config.topology : { links: maxLinks });
  return job.services.map((service): ServiceSpec => {
    const { name: image, alias, entrypoint, command, variables } = service;
    const name = serviceName(service);
    if (names.has(name)) throw new UsageError(`services: two have the name ${name}. Give them different aliases`);
    names.add(name);
    const nodeByAlias = possibleNodes.find((possible) => possible === alias);
    const chosenNode = firstNonEmpty(variables?.['ALPY_NODE'], nodeByAlias, node);
    return {
      name,
      node: checkNode(chosenNode, config, `service ${name}`),
      image,
      limits,
      ...(entrypoint && entrypoint.length > 0 ? { entrypoint } : {}),
      ...(command && command.length > 0 ? { command } : {}),
      ...(variables ? { environment: variables } : {}),
    };
  });
}

/** The alias, or the last part of the image's name. */
function serviceName({ name, alias }: JobService): string {
  return firstNonEmpty(alias, /([^/:@]+)(:[^/@]*)?(@.*)?$/.exec(name)?.[1], name);
}
