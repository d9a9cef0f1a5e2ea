// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { secretsOf } from '../../core/redact.ts';
import { loadConfig, resolveConfig, type Config } from '../../config/index.ts';
import { imageNamed, resolveImages, type ResolvedImage } from '../../images/index.ts';
import { sharedFolder, sessionFiles, type ServiceSpec, type SessionSpec } from '../../session/index.ts';
import { maxLinks, resolveTopology } from '../../topology/index.ts';
import type { DriverContext } from './driver-context.ts';
import { firstNonEmpty, type Job, type JobService } from './job.ts';
import { jobPaths, projectDirectory, runIdOf } from './paths.ts';
import { withRunnerSettings, assertImageIsAllowed, assertWithinLimits, resolveTopologyFile } from './policy/job-policy.ts';

/** Variables of a job that say something about its testbed; the rest of the configuration is the administrator's. */
const testbedVariables = /^ALPY_(APPLIANCE_.*|TOPOLOGY_.*|ACCEL|BOOT)$/;

/** The file that declares the testbed when the job does not say. */
const defaultTopologyFile = 'alpy.yaml';

/** Whether the testbed can be made before the project is there: all of it is the administrator's. */
export function canStartEarly({ job: { variables } }: DriverContext): boolean {
  return Boolean(variables['ALPY_APPLIANCE']) && !variables['ALPY_TOPOLOGY'] && !variables['ALPY_APPLIANCE_IMAGE'];
}

/**
 * What the testbed of a job is to be, all of it checked.
 * @throws UsageError, ConfigError when the job asks for something that cannot or may not be
 */
export async function planSession(context: DriverContext): Promise<SessionSpec> {
  const { settings, job, env, accelCacheFile } = context;
  const paths = jobPaths(settings, job);
  const project = projectDirectory(context);
  const { config, isOwn } = await loadTestbedConfig(context, project);
  assertWithinLimits(config, isOwn, settings);
  const images = resolveImages(env, settings.alpyImages);
  const node = nodeOf(firstNonEmpty(job.variables['ALPY_NODE'], 'node0'), config, 'ALPY_NODE');
  return {
    directory: paths.session,
    runId: runIdOf(job),
    jobId: String(job.id),
    config,
    images,
    accelCacheFile,
    snapshotDirectory: join(settings.root, 'snapshots'),
    ...(isOwn && !job.variables['ALPY_APPLIANCE_IMAGE'] ? {} : { diskFolders: [project, ...settings.imageFolders] }),
    deadlineMs: Date.now() + job.timeoutMs + settings.graceSeconds * 1000,
    services: services(job, node, config),
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
        ALPY_DUT: config.appliance.name,
        ALPY_NODE: node,
        ALPY_LINKS: String(config.topology.links),
      },
    },
    secrets: secretsOf(job.variables), // debug.log and events.ndjson are artifacts, which the runner does not mask
  };
}

/** The images that the job's scripts and services run in, all of them checked. @throws UsageError when one may not be used */
export function jobImages(
  { settings, job }: DriverContext,
  images: readonly ResolvedImage[],
): { readonly job: string; readonly services: readonly string[] } {
  const traffic = imageNamed(images, 'traffic').reference;
  const byDefault = settings.images.default ?? traffic;
  const chosen = { job: job.image === '' ? byDefault : job.image, services: job.services.map(({ name }) => name) };
  const own = [...new Set([byDefault, traffic])];
  for (const image of [chosen.job, ...chosen.services]) assertImageIsAllowed(image, own, settings);
  return chosen;
}

async function loadTestbedConfig(
  { settings, job }: DriverContext,
  project: string,
): Promise<{ readonly config: Config; readonly isOwn: boolean }> {
  const variables = Object.fromEntries(Object.entries(job.variables).filter(([name]) => testbedVariables.test(name)));
  const { ALPY_APPLIANCE: name = '', ALPY_TOPOLOGY: file = '' } = job.variables;
  if (name !== '' && file !== '') throw new UsageError('ALPY_APPLIANCE and ALPY_TOPOLOGY: wanted is one of them');
  if (name === '') {
    const path = await resolveTopologyFile(project, file === '' ? defaultTopologyFile : file);
    return {
      config: withRunnerSettings(await loadConfig({ directory: project, file: path, variables }), settings),
      isOwn: false,
    };
  }
  const raw = Object.hasOwn(settings.appliances, name) ? settings.appliances[name] : undefined;
  if (!raw) {
    const names = Object.keys(settings.appliances).join(', ') || 'none';
    throw new UsageError(
      `ALPY_APPLIANCE: this runner has no appliance ${JSON.stringify(name)}; there are: ${names} (${settings.file})`,
    );
  }
  const loaded = resolveConfig({ file: settings.file, raw, variables, directory: project });
  return { config: withRunnerSettings(loaded, settings), isOwn: true };
}

/** The names of the nodes of a topology. */
function nodeNames(topology: Config['topology']): readonly string[] {
  return resolveTopology(topology).nodes.map(({ name }) => name);
}

function nodeOf(name: string, { topology }: Config, source: string): string {
  const names = nodeNames(topology);
  if (names.includes(name)) return name;
  throw new UsageError(
    `${source}: there is no node ${JSON.stringify(name)}; there are: ${names.join(', ') || 'none, without a link'}`,
  );
}

function services(job: Job, node: string, config: Config): readonly ServiceSpec[] {
  const names = new Set<string>();
  const possibleNodes = nodeNames({ links: maxLinks }); // an alias that no topology has as a node names only the service
  return job.services.map((service): ServiceSpec => {
    const { name: image, alias, entrypoint, command, variables } = service;
    const name = nameOf(service);
    if (names.has(name)) throw new UsageError(`services: two are called ${name}; give each an alias`);
    names.add(name);
    const wanted = firstNonEmpty(
      variables?.['ALPY_NODE'],
      possibleNodes.find((possible) => possible === alias),
      node,
    );
    return {
      name,
      node: nodeOf(wanted, config, `service ${name}`),
      image,
      ...(entrypoint && entrypoint.length > 0 ? { entrypoint } : {}),
      ...(command && command.length > 0 ? { command } : {}),
      ...(variables ? { environment: variables } : {}),
    };
  });
}

function nameOf({ name, alias }: JobService): string {
  return firstNonEmpty(alias, /([^/:@]+)(:[^/@]*)?(@.*)?$/.exec(name)?.[1], name);
}
