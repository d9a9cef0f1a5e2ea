// SPDX-License-Identifier: GPL-3.0-or-later
import { execa } from 'execa';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import type { Variables } from '../core/variables.ts';
import type { Credentials } from './docker-config.ts';

/** How long a helper may take, in `ms`; some access the network. */
const timeoutMs = 30_000;

/** Message of a helper that has no login for a registry. Source: docker/docker-credential-helpers, credentials/error.go. */
const notFound = 'credentials not found in native keychain';

/** User name that a helper returns with an identity token. Source: docker/cli, cli/config/credentials/native_store.go. */
const tokenUser = '<token>';

/**
 * Asks a credential helper, which is the program `docker-credential-NAME`, for the login for a registry.
 * @param source - what configured the helper, for messages
 * @returns `undefined` if it has none
 * @throws UsageError if the program does not exist
 * @throws EnvironmentError if it fails, or does not answer within 30 s
 */
export async function askHelper(
  name: string,
  registry: string,
  { env, source, signal }: { readonly env: Variables; readonly source: string; readonly signal?: AbortSignal | undefined },
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const { exitCode, stdout, stderr, code, timedOut } = await execa(program, ['get'], {
    env,
    extendEnv: false,
    input: registry,
    timeout: timeoutMs,
    reject: false,
    ...(signal ? { cancelSignal: signal } : {}),
  });
  signal?.throwIfAborted();
  if (code === 'ENOENT')
    throw new UsageError(
      `${source} names the credential helper ${program}, which is not in PATH. Install it, or remove its name`,
    );
  if (exitCode === 0) return parseAnswer(stdout, program, registry);
  if (stdout.includes(notFound)) return undefined;
  const reason = timedOut ? `no answer within ${timeoutMs / 1000} s` : (stderr || stdout).trim() || 'it failed';
  throw new EnvironmentError(`cannot get the login for ${registry} from ${program} (named by ${source}): ${reason}`);
}

function parseAnswer(stdout: string, program: string, registry: string): Credentials | undefined {
  let answer: { readonly Username?: unknown; readonly Secret?: unknown } | null;
  try {
    answer = JSON.parse(stdout) as typeof answer;
  } catch {
    answer = null;
  }
  const { Username: username, Secret: secret } = answer ?? {};
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw new EnvironmentError(`${program}: expected JSON with Username and Secret for ${registry}, got something else`);
  return username === tokenUser ? { identitytoken: secret } : { username, password: secret };
}
