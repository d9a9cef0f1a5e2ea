// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UsageError } from '../core/errors.ts';
import { registryOf } from './reference.ts';
import { valueOf, type Variables } from '../core/variables.ts';

/** The login for a registry, as the Engine API takes it. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/**
 * The login for the registry of an image: that of the job (`CI_REGISTRY_USER`, `CI_REGISTRY_PASSWORD`) when it is on
 * `CI_REGISTRY`, or else what `DOCKER_AUTH_CONFIG` (a text) or Docker's `config.json` say of that registry. Credential
 * helpers are not asked. Sources: GitLab's predefined variables; Docker's `config.json`, key `auths`.
 * @returns nothing when there is none, as public registries want none
 * @throws UsageError when `DOCKER_AUTH_CONFIG` or the file cannot be understood
 */
export async function registryLogin(reference: string, env: Variables): Promise<RegistryLogin | undefined> {
  const registry = registryOf(reference);
  const [user, password] = [valueOf(env, 'CI_REGISTRY_USER'), valueOf(env, 'CI_REGISTRY_PASSWORD')];
  if (registry === valueOf(env, 'CI_REGISTRY') && user && password) return { username: user, password, serveraddress: registry };
  const inline = valueOf(env, 'DOCKER_AUTH_CONFIG');
  if (inline) {
    const login = loginIn(inline, registry, 'the variable DOCKER_AUTH_CONFIG');
    if (login) return login;
  }
  const folder = valueOf(env, 'DOCKER_CONFIG') ?? path.join(valueOf(env, 'HOME') ?? '/', '.docker');
  const file = path.join(folder, 'config.json');
  const text = await readFile(file, 'utf8').catch(() => undefined); // most have none
  return text === undefined ? undefined : loginIn(text, registry, file);
}

function loginIn(text: string, registry: string, source: string): RegistryLogin | undefined {
  let config: { readonly auths?: Readonly<Record<string, { readonly auth?: string }>> };
  try {
    config = JSON.parse(text) as typeof config;
  } catch (cause) {
    throw new UsageError(`${source} is not JSON as Docker writes it into config.json: ${messageOf(cause)}`, { cause });
  }
  const keys = registry === 'docker.io' ? ['https://index.docker.io/v1/', registry] : [registry, `https://${registry}`];
  const auth = keys.map((key) => config.auths?.[key]?.auth).find((value) => value !== undefined && value !== '');
  if (auth === undefined) return undefined;
  const [username = '', ...password] = Buffer.from(auth, 'base64').toString().split(':');
  return { username, password: password.join(':'), serveraddress: registry };
}
