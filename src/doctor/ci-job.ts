// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { valueOf, type Variables } from '../core/variables.ts';
import { jobContext, tokenOf } from '../gitlab/index.ts';
import { registryOf, type ResolvedImage } from '../images/index.ts';
import { failure, type Finding } from './finding.ts';
import { checkRegistry, checkRegistryVariable } from './registry.ts';

/** A job of GitLab CI. */
export interface CiJobCheck {
  readonly env: Variables;
  /** current directory */
  readonly directory: string;
  /** output directory of `alpy run`, absolute */
  readonly out: string;
  readonly images: readonly ResolvedImage[];
  /** whether the Docker daemon answered */
  readonly hasDaemon: boolean;
}

/** The daemon's socket unless `DOCKER_HOST` is set. */
const socket = '/var/run/docker.sock';

/** Checks what must be set up in the GitLab runner and in the project. */
export async function checkCiJob(check: CiJobCheck): Promise<readonly Finding[]> {
  const { images, env } = check;
  const registries = [
    ...new Set(images.filter(({ origin }) => origin !== 'default').map(({ reference }) => registryOf(reference))),
  ];
  const findings = [
    checkJobVariables(env),
    checkRunnerDaemon(check),
    checkArtifacts(check),
    checkToken(env),
    ...checkRegistryVariable(env),
    ...(await Promise.all(registries.map((registry) => checkRegistry(registry, env)))),
  ];
  return findings.map((finding) => ({ ...finding, isForCi: true }));
}

function checkJobVariables(env: Variables): Finding {
  const name = 'job';
  const context = jobContext(env);
  if (context !== undefined) return { name, result: 'ok', text: `${context.jobName}, job ${context.jobId} of GitLab` };
  return {
    name,
    result: 'warning',
    text: 'expected CI_API_V4_URL, CI_PROJECT_ID and CI_JOB_ID, but some are not set: this is not a GitLab job, so alpy can create no links or notes',
  };
}

function checkRunnerDaemon({ env, hasDaemon }: CiJobCheck): Finding {
  const name = "runner's Docker";
  const host = valueOf(env, 'DOCKER_HOST');
  if (hasDaemon) return { name, result: 'ok', text: host === undefined ? `socket ${socket}` : `DOCKER_HOST=${host}` };
  if (host !== undefined)
    return failure(
      name,
      `nothing answers at DOCKER_HOST=${host}`,
      'with docker:dind: services: [docker:dind], DOCKER_HOST=tcp://docker:2375, DOCKER_TLS_CERTDIR="", and privileged = true in config.toml',
    );
  if (existsSync(socket))
    return failure(
      name,
      `${socket} exists but does not answer`,
      "give the runner's user access to it: usermod -aG docker gitlab-runner",
    );
  return failure(
    name,
    `${socket} is missing`,
    `in the runner's config.toml, below [runners.docker]: volumes = ["${socket}:${socket}", "/cache"]`,
  );
}

function checkArtifacts({ env, directory, out }: CiJobCheck): Finding {
  const name = 'artifacts';
  const root = valueOf(env, 'CI_PROJECT_DIR') ?? directory;
  const path = relative(root, resolve(directory, out));
  if (!path.startsWith('..')) return { name, result: 'ok', text: `${path}/ in the project's folder` };
  return failure(
    name,
    `${out} is outside of ${root}: GitLab takes no artifacts from there`,
    'alpy run --out "$CI_PROJECT_DIR/alpy-out"',
  );
}

function checkToken(env: Variables): Finding {
  const name = 'token';
  const kind = tokenOf(env)?.kind;
  if (kind === 'private') return { name, result: 'ok', text: 'ALPY_GITLAB_TOKEN is set' };
  return {
    name,
    result: 'warning',
    text: `${kind === 'job' ? "only the job's own token" : 'no token'}: no notes on merge requests, no commit statuses, shards by number`,
    remedy: 'set the masked project variable ALPY_GITLAB_TOKEN to a project access token with role Developer and scope api',
  };
}
