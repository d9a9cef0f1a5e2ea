// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { AlpyError } from '../core/errors.ts';
import { jobContext, tokenOf } from '../gitlab/index.ts';
import { registryLogin, registryOf, type ResolvedImage } from '../images/index.ts';
import { valueOf, type Variables } from '../core/variables.ts';
import type { Finding } from '../testbed/doctor.ts';

/** What a job of GitLab CI is to be looked at with. */
export interface JobExamination {
  readonly env: Variables;
  /** current directory */
  readonly directory: string;
  /** output directory of `alpy run`, absolute */
  readonly out: string;
  readonly images: readonly ResolvedImage[];
  /** whether the Docker daemon answered */
  readonly hasDaemon: boolean;
}

/** Where the daemon's socket is, when nothing says otherwise. */
const socket = '/var/run/docker.sock';

/** Looks at what is the GitLab runner's and the project's to set up. */
export async function examineJob(examination: JobExamination): Promise<readonly Finding[]> {
  const { images, env } = examination;
  const registries = [
    ...new Set(images.filter(({ origin }) => origin !== 'default').map(({ reference }) => registryOf(reference))),
  ];
  return [
    lookAtContext(env),
    ...lookAtDaemon(examination),
    lookAtOut(examination),
    lookAtToken(env),
    ...lookAtRegistryVariable(env),
    ...(await Promise.all(registries.map((registry) => lookAtRegistry(registry, env)))),
  ];
}

function lookAtContext(env: Variables): Finding {
  const name = 'job';
  const context = jobContext(env);
  if (context !== undefined) return { name, result: 'ok', text: `${context.jobName}, job ${context.jobId} of GitLab` };
  return {
    name,
    result: 'warning',
    text: 'CI_API_V4_URL, CI_PROJECT_ID and CI_JOB_ID are not all set: this is no job of GitLab, so no link or note can be made',
  };
}

function lookAtDaemon({ env, hasDaemon }: JobExamination): readonly Finding[] {
  const name = "runner's Docker";
  const host = valueOf(env, 'DOCKER_HOST');
  if (hasDaemon) {
    return [{ name, result: 'ok', text: host === undefined ? `socket ${socket}` : `DOCKER_HOST=${host}` }];
  }
  if (host !== undefined) {
    return [
      {
        name,
        result: 'failure',
        text: `nothing answers at DOCKER_HOST=${host}`,
        remedy:
          'with docker:dind: services: [docker:dind], DOCKER_HOST=tcp://docker:2375, DOCKER_TLS_CERTDIR="", and privileged = true in config.toml',
      },
    ];
  }
  const isThere = existsSync(socket);
  const remedy = isThere
    ? `let the runner's user use it: usermod -aG docker gitlab-runner`
    : `in the runner's config.toml, below [runners.docker]: volumes = ["${socket}:${socket}", "/cache"]`;
  return [
    { name, result: 'failure', text: isThere ? `${socket} is there but does not answer` : `there is no ${socket}`, remedy },
  ];
}

function lookAtOut({ env, directory, out }: JobExamination): Finding {
  const name = 'artifacts';
  const root = valueOf(env, 'CI_PROJECT_DIR') ?? directory;
  const path = relative(root, resolve(directory, out));
  if (!path.startsWith('..')) return { name, result: 'ok', text: `${path}/ in the project's folder` };
  return {
    name,
    result: 'failure',
    text: `${out} is outside of ${root}: GitLab takes no artifacts from there`,
    remedy: 'alpy run --out "$CI_PROJECT_DIR/alpy-out"',
  };
}

function lookAtToken(env: Variables): Finding {
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

/** GitLab puts the variable before `/runner:…` as it is, where alpy ignores blanks and slashes around it. */
function lookAtRegistryVariable({ ALPY_REGISTRY: value = '' }: Variables): readonly Finding[] {
  if (/^(\S*[^\s/])?$/.test(value)) return [];
  const text = `expected no blanks and no slash at the end, got ${JSON.stringify(value)}: GitLab cannot make the job's image of it`;
  const correct = value.trim().replace(/\/+$/, '');
  const remedy = `set the variable to ${JSON.stringify(correct)}${correct === '' ? ', or delete it' : ''}`;
  return [{ name: 'ALPY_REGISTRY', result: 'warning', text, remedy }];
}

async function lookAtRegistry(registry: string, env: Variables): Promise<Finding> {
  const name = `registry ${registry}`;
  try {
    if (await registryLogin(`${registry}/any`, env)) return { name, result: 'ok', text: 'there is a login' };
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return { name, result: 'failure', text: error.message, remedy: 'correct what the message names' };
  }
  return {
    name,
    result: 'warning',
    text: 'no login: enough where images may be read by all, or are on the daemon already',
    remedy: "set DOCKER_AUTH_CONFIG to what Docker's config.json says after docker login",
  };
}
