// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError } from '../core/errors.ts';
import { imageVariable, type Variables } from '../core/variables.ts';
import { registryLogin, registryPrefix } from '../images/index.ts';
import { failure, type Finding } from './finding.ts';

/**
 * Checks `ALPY_REGISTRY` as GitLab uses it: it puts the value in front of `/runner:…` unchanged. Alpy ignores blanks
 * around it and slashes at its end. Pure.
 */
export function checkRegistryVariable(env: Variables): readonly Finding[] {
  const name = imageVariable('registry');
  const value = env[name] ?? '';
  const correct = registryPrefix(value);
  if (correct === value && !/\s/.test(value)) return [];
  return [
    {
      name,
      result: 'warning',
      text: `expected no blanks and no slash at the end, got ${JSON.stringify(value)}: GitLab cannot build the job's image name from it`,
      remedy: /\s/.test(correct)
        ? 'remove the blanks'
        : `set the variable to ${JSON.stringify(correct)}${correct === '' ? ', or delete it' : ''}`,
    },
  ];
}

/** Checks whether there is a login for a registry. */
export async function checkRegistry(registry: string, env: Variables): Promise<Finding> {
  const name = `registry ${registry}`;
  try {
    if (await registryLogin(`${registry}/any`, env)) return { name, result: 'ok', text: 'there is a login' };
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return failure(name, error.message, 'correct what the message names');
  }
  return {
    name,
    result: 'warning',
    text: 'no login: fine if its images are public or already on the daemon',
    remedy: "set DOCKER_AUTH_CONFIG to the contents of Docker's config.json after docker login",
  };
}
