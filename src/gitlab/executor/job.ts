// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { EnvironmentError, messageOf, UsageError } from '../../core/errors.ts';
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

/** The part of a job that the driver reads; GitLab's runner writes it into `JOB_RESPONSE_FILE`. */
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

/** A service as a job declares it. */
export type JobService = z.output<typeof ServicesSchema>[number];

/** A CI job as its runner hands it to the driver. */
export interface Job {
  /** names it on this machine: no other job has the same, and no job can choose it */
  readonly key: string;
  readonly id: number;
  readonly projectId: number;
  /** how long its scripts may take in all, in `ms` */
  readonly timeoutMs: number;
  /** name of its image with variables in place; empty when it names none */
  readonly image: string;
  readonly services: readonly JobService[];
  /** its variables, as data: whoever may start a pipeline may set them */
  readonly variables: Variables;
  /** its variables as GitLab has sent them, without variables in place of their names */
  readonly declared: readonly { readonly key: string; readonly value: string }[];
  /** names of the variables that the runner makes of its secrets */
  readonly secretNames: readonly string[];
  readonly hooks: readonly string[];
  /** keys of its caches, with variables in place */
  readonly cacheKeys: readonly string[];
  /** names of its artifacts, with variables in place */
  readonly artifactNames: readonly string[];
  /** whether its artifacts or caches are to have what git does not track */
  readonly wantsUntracked: boolean;
}

const prefix = 'CUSTOM_ENV_';

/**
 * Reads what the runner tells of the job. Facts that decide who may do what come from `JOB_RESPONSE_FILE`, as a job can
 * override its variables.
 * @param env - of the driver
 * @throws EnvironmentError when the runner does not tell it, or tells something else
 * @throws UsageError when the job declares services that are none
 */
export async function readJob(env: Variables): Promise<Job> {
  const file = env['JOB_RESPONSE_FILE'];
  if (file === undefined || file === '')
    throw new EnvironmentError('JOB_RESPONSE_FILE is not set: alpy executor is started by GitLab Runner, 17.9 or newer');
  let response: Response;
  try {
    response = ResponseSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new EnvironmentError(`JOB_RESPONSE_FILE ${file} does not hold a job: ${messageOf(cause)}`, { cause });
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
    declared: (response.variables ?? []).map(({ key, value }) => ({ key, value: value ?? '' })),
    secretNames: Object.keys(response.secrets ?? {}),
    hooks: (response.hooks ?? []).map(({ name }) => name),
    cacheKeys: cacheKeysOf(response, variables),
    artifactNames: artifacts.map(({ name }) => expand(name ?? '', variables)),
    wantsUntracked: [...artifacts, ...cache].some(({ untracked }) => untracked === true),
  };
}

/** What a job has given as a variable, with and without variables in place. Pure. */
export function valuesOf({ variables, declared }: Pick<Job, 'variables' | 'declared'>, name: string): readonly string[] {
  const found = variables[name];
  return [...(found === undefined ? [] : [found]), ...declared.flatMap(({ key, value }) => (key === name ? [value] : []))];
}

/** A cache without a key has one made of the job's name and its ref, as they are. */
function cacheKeysOf({ cache, job_info: { name }, git_info: { ref } }: Response, variables: Variables): readonly string[] {
  const keys = (cache ?? []).map(({ key }) => (key ? expand(key, variables) : `${name}/${ref}`));
  const fallbacks = (cache ?? []).flatMap(({ fallback_keys: more }) => more ?? []);
  return [...keys, ...[...fallbacks, variables['CACHE_FALLBACK_KEY'] ?? ''].map((key) => expand(key, variables))];
}

/** The first that says something: an empty variable counts as unset, as GitLab sets some that way. Empty when none does. */
export function firstNonEmpty(...values: readonly (string | null | undefined)[]): string {
  return values.find((value) => value) ?? '';
}

function readServices(text: string | undefined, variables: Variables): readonly JobService[] {
  if (text === undefined || text.trim() === '') return [];
  try {
    return ServicesSchema.parse(JSON.parse(text)).map((service) => ({ ...service, name: expand(service.name, variables) }));
  } catch (cause) {
    throw new UsageError(`CI_JOB_SERVICES is no list of services: ${messageOf(cause)}`, { cause });
  }
}

/** Puts variables in place of `$NAME` and `${NAME}`; once, so that no value is read as a template itself. */
function expand(text: string, variables: Variables): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => variables[braced ?? bare ?? ''] ?? '');
}
