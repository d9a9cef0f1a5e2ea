// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { messageOf, UsageError } from '../core/errors.ts';

const text = z.string().nullish();

const EntrySchema = z.looseObject({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});

const DockerConfigSchema = z
  .looseObject({
    auths: z.record(z.string(), EntrySchema.nullish()).nullish(),
    credHelpers: z.record(z.string(), z.string()).nullish(),
    credsStore: text,
  })
  .nullable();

/** The part of Docker's config.json about registries. Source: docker/cli, cli/config/configfile/file.go. */
export interface DockerConfig {
  /** logins by the address of a registry, as written in the file */
  readonly auths: Readonly<Record<string, Credentials>>;
  /** names of credential helpers by registry */
  readonly helpers: Readonly<Record<string, string>>;
  /** name of the helper for all other registries; absent if the logins are in the file */
  readonly store?: string | undefined;
}

/** A login, or a token from a registry. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/**
 * Parses Docker's config.json.
 * @param source - origin of the text, for messages
 * @throws UsageError if it is not such a file, or has a login that Docker's own CLI would refuse. Messages contain no secrets
 */
export function parseDockerConfig(content: string, source: string): DockerConfig {
  const problem = (what: string, options?: ErrorOptions): UsageError =>
    new UsageError(`${source}: expected JSON as Docker writes it into config.json, ${what}`, options);
  if (/^\s*\/\S*\s*$/.test(content))
    throw problem('got the path of a file. If GitLab sets the variable, change its type from File to Variable');
  let raw: unknown;
  try {
    raw = JSON.parse(content);
  } catch {
    throw problem('got text that is not JSON'); // the parser's message would quote the text, which may contain passwords
  }
  const checked = DockerConfigSchema.safeParse(raw);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole text'}: ${message}`);
    throw problem(`got something else:\n  ${problems.join('\n  ')}`);
  }
  const { auths, credHelpers, credsStore } = checked.data ?? {};
  const logins = Object.entries(auths ?? {}).map(([registry, entry]) => {
    try {
      return [registry, credentialsOf(entry ?? {})] as const;
    } catch (error) {
      throw new UsageError(
        `${source}: auths[${JSON.stringify(registry)}].auth: ${messageOf(error)}; try: docker login ${registry}`,
      );
    }
  });
  return { auths: Object.fromEntries(logins), helpers: credHelpers ?? {}, store: credsStore ?? undefined };
}

function credentialsOf({ auth, username, password, identitytoken, registrytoken }: z.output<typeof EntrySchema>): Credentials {
  return {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(auth ? decodeAuth(auth.replace(/[\r\n]/g, '')) : {}), // has precedence over the two above
    ...(identitytoken ? { identitytoken } : {}),
    ...(registrytoken ? { registrytoken } : {}),
  };
}

/** @throws Error if it is not the base64 of user:password */
function decodeAuth(auth: string): { readonly username: string; readonly password: string } {
  const isBase64 = auth.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(auth);
  if (!isBase64) throw new Error('expected base64 of "user:password", got text that is not base64');
  const [, username, password = ''] = /^([^:]+):(.*)$/s.exec(Buffer.from(auth, 'base64').toString()) ?? [];
  if (username === undefined)
    throw new Error('expected base64 of "user:password", got base64 of something without a user or a colon');
  return { username, password: password.replace(/^\0+|\0+$/g, '') };
}
