// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { codeOf, messageOf, UsageError } from '../core/errors.ts';
import { valueOf, type Variables } from '../core/variables.ts';
import { askHelper } from './credential-helper.ts';
import { parseDockerConfig, type Credentials, type DockerConfig } from './docker-config.ts';
import { registryOf, splitReference } from './reference.ts';

/** The login for a registry, in the form of the Engine API. */
export interface RegistryLogin extends Credentials {
  readonly serveraddress: string;
}

/** Address of Docker Hub in Docker's own CLI. Source: docker/docker, registry/config.go. */
const dockerHub = 'https://index.docker.io/v1/';

/**
 * Finds the login for the registry of an image: for `CI_REGISTRY` that of the job (`CI_REGISTRY_USER`, `CI_REGISTRY_PASSWORD`),
 * otherwise the one in `DOCKER_AUTH_CONFIG` (JSON) or in Docker's `config.json`, by the rules of Docker's CLI: logins in the
 * file, `credHelpers`, `credsStore`. Source: docker/cli, cli/config.
 * @returns `undefined` if no login is configured; public registries do not need one
 * @throws UsageError if `DOCKER_AUTH_CONFIG` or the file has contents that Docker's CLI would also refuse
 * @throws EnvironmentError if a credential helper fails
 */
export async function registryLogin(reference: string, env: Variables, signal?: AbortSignal): Promise<RegistryLogin | undefined> {
  const registry = registryOf(reference);
  const [user, password] = [valueOf(env, 'CI_REGISTRY_USER'), env['CI_REGISTRY_PASSWORD']]; // a password may begin with a blank
  if (registry === valueOf(env, 'CI_REGISTRY') && user && password?.trim())
    return { username: user, password, serveraddress: registry };
  const { repository } = splitReference(reference);
  for await (const { content, source } of configs(env)) {
    const config = parseDockerConfig(content, source);
    const helper = helperOf(config, registry);
    const found =
      helper === undefined
        ? loginIn(config, registry, repository)
        : await askHelper(helper, addressOf(registry), { env, source, signal });
    if (found) return { ...found, serveraddress: addressOf(registry) };
  }
  return undefined;
}

/** The variable comes first, because a job can set it but cannot change the file. */
async function* configs(env: Variables): AsyncGenerator<{ readonly content: string; readonly source: string }> {
  const inline = valueOf(env, 'DOCKER_AUTH_CONFIG');
  if (inline !== undefined) yield { content: inline, source: 'the variable DOCKER_AUTH_CONFIG' };
  const folder = valueOf(env, 'DOCKER_CONFIG') ?? path.join(valueOf(env, 'HOME') ?? homedir(), '.docker');
  const file = path.join(folder, 'config.json');
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause) ?? '')) return undefined; // the file is optional
    throw new UsageError(`cannot read ${file}: ${messageOf(cause)}`, { cause });
  });
  if (content !== undefined) yield { content, source: file };
}

function addressOf(registry: string): string {
  return registry === 'docker.io' ? dockerHub : registry;
}

function helperOf({ helpers, store }: DockerConfig, registry: string): string | undefined {
  return [helpers[addressOf(registry)], helpers[registry], store].find((name) => name !== undefined && name !== '');
}

/** Docker compares only host names. If a host has several paths, alpy takes the longest one that contains the image. */
function loginIn({ auths }: DockerConfig, registry: string, repository: string): Credentials | undefined {
  const exact = auths[addressOf(registry)];
  if (exact && isLogin(exact)) return exact;
  const hosts = registry === 'docker.io' ? ['docker.io', 'index.docker.io'] : [registry];
  const onHost = Object.entries(auths).filter(([key, login]) => hosts.includes(hostOf(key)) && isLogin(login));
  const below = onHost.filter(([key]) => `${repository}/`.startsWith(`${withoutScheme(key)}/`));
  const [nearest] = below.sort(([a], [b]) => b.length - a.length);
  return (nearest ?? onHost[0])?.[1];
}

function isLogin({ username, identitytoken, registrytoken }: Credentials): boolean {
  return (username ?? identitytoken ?? registrytoken) !== undefined;
}

function withoutScheme(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/+$/, '');
}

function hostOf(key: string): string {
  return withoutScheme(key).split('/')[0] ?? '';
}
