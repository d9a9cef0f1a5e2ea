// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { EnvironmentError, messageOf, UsageError } from '../../core/errors.ts';
import { readRegular } from '../../core/plain-file.ts';
import type { Variables } from '../../core/variables.ts';

const VariableSchema = z.object({ key: z.string(), value: z.string().nullish() });

const ArtifactsSchema = z.array(z.object({ name: z.string().nullish(), untracked: z.boolean().nullish() })).nullish();

const CacheSchema = z
  .array(
    z.object({
      key: z.string().nullish(),
      fallback_keys: z.array(z.string()).nullish(),
      untracked: z.boolean().nullish(),
    }),
  )
  .nullish();

/** The part of `JOB_RESPONSE_FILE` that the driver reads. GitLab Runner writes the job there as GitLab sent it. */
const ResponseSchema = z.object({
  id: z.int(),
  token: z.string(),
  job_info: z.object({ project_id: z.int(), name: z.string().default('') }),
  git_info: z.object({ ref: z.string().default('') }).prefault({}),
  runner_info: z.object({ timeout: z.int().min(1).default(3600) }).prefault({}),
  variables: z.array(VariableSchema).nullish(),
  image: z.object({ name: z.string().default('') }).nullish(),
  hooks: z.array(z.object({ name: z.string(), script: z.unknown() })).nullish(),
  secrets: z.record(z.string(), z.unknown()).nullish(),
  artifacts: ArtifactsSchema,
  cache: CacheSchema,
});

/** Largest {@link ResponseSchema | response} that is read, in `bytes`; file variables and scripts are a part of it. */
const maxResponseBytes = 64 * 1024 * 1024;

type Response = z.output<typeof ResponseSchema>;

const VariablesSchema = z.union([
  z.record(z.string(), z.string()),
  z
    .array(z.object({ key: z.string(), value: z.string() }))
    .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value]))),
]);

const ServicesSchema = z.array(
  z.object({
    name: z.string().min(1),
    alias: z.string().nullish(),
    entrypoint: z.array(z.string()).nullish(),
    command: z.array(z.string()).nullish(),
    variables: VariablesSchema.nullish(),
  }),
);

/** A service of a job. */
export type JobService = z.output<typeof ServicesSchema>[number];

/** A CI job as GitLab Runner passes it to the driver. */
export interface Job {
  /** identifies the job on this machine: unique, and no job can choose it */
  readonly key: string;
  readonly id: number;
  readonly projectId: number;
  /** timeout of the job, in `ms` */
  readonly timeoutMs: number;
  /** name of its image with variables expanded; empty if it names none */
  readonly image: string;
  readonly services: readonly JobService[];
  /** its variables, expanded. They are untrusted: everybody who can start a pipeline can set them */
  readonly variables: Variables;
  /** its variables as GitLab sent them, not expanded */
  readonly rawVariables: readonly { readonly key: string; readonly value: string }[];
  /** names of the variables that the runner creates from its secrets */
  readonly secretNames: readonly string[];
  readonly hooks: readonly string[];
  /** keys of its caches, with variables expanded */
  readonly cacheKeys: readonly string[];
  /** names of its artifacts, with variables expanded */
  readonly artifactNames: readonly string[];
  /** whether its artifacts or caches should contain files that git does not track */
  readonly wantsUntracked: boolean;
}

const prefix = 'CUSTOM_ENV_';

/**
 * Reads the job from the driver's environment and from `JOB_RESPONSE_FILE`. Facts that decide about permissions come only from that
 * file, because a job can override its variables.
 * @param env - of the driver
 * @throws EnvironmentError when `JOB_RESPONSE_FILE` is not set or holds no job
 * @throws UsageError when the job's services are malformed
 */
export async function readJob(env: Variables): Promise<Job> {
  const file = env['JOB_RESPONSE_FILE'];
  if (file === undefined || file === '')
    throw new EnvironmentError(
      'JOB_RESPONSE_FILE is not set. Do not call the stages of alpy executor yourself; GitLab Runner 17.9 or newer does',
    );
  let response: Response;
  try {
    response = ResponseSchema.parse(JSON.parse(await readRegular(file, maxResponseBytes)));
  } catch (cause) {
    throw new EnvironmentError(`JOB_RESPONSE_FILE: expected a job in ${file}, got something else: ${messageOf(cause)}`, {
      cause,
    });
  }
  const variables = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  );
  const { id, token, job_info: info, runner_info: runner } = response;
  const [artifacts, cache] = [response.artifacts ?? [], response.cache ?? []];
  return {
    key: `${id}-${createHash('sha256').update(token).digest('hex').slice(0, 8)}`,
    id,
    projectId: info.project_id,
    timeoutMs: runner.timeout * 1000,
    image: expand(firstNonEmpty(variables['CI_JOB_IMAGE'], response.image?.name), variables),
    services: readServices(variables['CI_JOB_SERVICES'], variables),
    variables,
    rawVariables: (response.variables ?? []).map(({ key, value }) => ({ key, value: value ?? '' })),
    secretNames: Object.keys(response.secrets ?? {}),
    hooks: (response.hooks ?? []).map(({ name }) => name),
    cacheKeys: cacheKeysOf(response, variables),
    artifactNames: artifacts.map(({ name }) => expand(name ?? '', variables)),
    wantsUntracked: [...artifacts, ...cache].some(({ untracked }) => untracked === true),
  };
}

/** All values that a job gives to a variable, expanded and as GitLab sent them. Pure. */
export function valuesOf({ variables, rawVariables }: Pick<Job, 'variables' | 'rawVariables'>, name: string): readonly string[] {
  const expanded = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const raw = rawVariables.flatMap(({ key, value }) => (key === name ? [value] : []));
  return [...(expanded === undefined ? [] : [expanded]), ...raw];
}

/** The default key of a cache consists of the job's name and its ref, not expanded. */
function cacheKeysOf({ cache, job_info: { name }, git_info: { ref } }: Response, variables: Variables): readonly string[] {
  const keys = (cache ?? []).map(({ key }) => (key ? expand(key, variables) : `${name}/${ref}`));
  const fallbacks = (cache ?? []).flatMap(({ fallback_keys: fallback }) => fallback ?? []);
  return [...keys, ...[...fallbacks, variables['CACHE_FALLBACK_KEY'] ?? ''].map((key) => expand(key, variables))];
}

/** The first value that is not empty, or an empty string. GitLab sets some variables to the empty string instead of not at all. */
export function firstNonEmpty(...values: readonly (string | null | undefined)[]): string {
  return values.find((value) => value) ?? '';
}

function readServices(text: string | undefined, variables: Variables): readonly JobService[] {
  if (text === undefined || text.trim() === '') return [];
  try {
    return ServicesSchema.parse(JSON.parse(text)).map((service) => ({ ...service, name: expand(service.name, variables) }));
  } catch (cause) {
    throw new UsageError(`CI_JOB_SERVICES: expected a list of services, got something else: ${messageOf(cause)}`, { cause });
  }
}

/** Expands `$NAME` and `${NAME}` once: values are not expanded again. */
function expand(text: string, variables: Variables): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    return Object.hasOwn(variables, name) ? (variables[name] ?? '') : ''; // an object also has a `constructor`
  });
}
