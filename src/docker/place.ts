// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { codeOf, messageOf } from '../core/errors.ts';
import { DaemonError } from './errors.ts';
import { valueOf, type Variables } from '../core/variables.ts';

/** Address of the daemon, and what chose it. */
export interface DaemonPlace {
  /** for the client of the Engine API @internal */
  readonly options: Dockerode.DockerOptions;
  /** for messages: the path of a socket, or a URL */
  readonly address: string;
  /** what chose this address: `DOCKER_HOST`, `DOCKER_CONTEXT=…`, … */
  readonly reason: string;
  /**
   * whether the daemon may still be starting, such as a service of a CI job. True only for an address that somebody configured,
   * not for a default socket.
   */
  readonly mayBeLate: boolean;
}

/** Files for TLS to a daemon. */
interface TlsFiles {
  readonly directory: string;
  readonly skipVerify: boolean;
}

const systemSocket = '/var/run/docker.sock';

/**
 * Finds the daemon that the `docker` command uses, by the same rules: `DOCKER_HOST`, then `DOCKER_CONTEXT`, then
 * `currentContext` of Docker's config.json, then the default socket. Unlike `docker`, falls back to the socket of a rootless
 * daemon or of Docker Desktop.
 * @throws DaemonError if the context does not exist or cannot be used
 */
export function daemonPlace(env: Variables, home = homedir(), system = systemSocket): DaemonPlace {
  const host = valueOf(env, 'DOCKER_HOST');
  if (host !== undefined) return at(host, 'DOCKER_HOST', env, tlsOfEnvironment(env, home));
  const [context, reason] = contextName(env, home);
  if (context !== undefined && context !== 'default') return ofContext(context, reason, env, home);
  const userSockets = [
    [env['XDG_RUNTIME_DIR'] && join(env['XDG_RUNTIME_DIR'], 'docker.sock'), "the rootless daemon's socket"],
    [join(home, '.docker/run/docker.sock'), "Docker Desktop's socket"],
  ] as const;
  const found = existsSync(system) ? undefined : userSockets.find(([path]) => path && existsSync(path));
  if (found?.[0]) return atSocket(found[0], `${found[1]}, because ${system} does not exist`, false);
  return atSocket(system, 'the default socket', false);
}

/** A daemon at a socket that the caller names. */
export function atSocket(path: string, reason: string, mayBeLate: boolean): DaemonPlace {
  // every key is present, because the client takes absent ones from DOCKER_HOST
  const options = { socketPath: path, host: undefined, port: undefined, protocol: 'http' as const };
  return { options, address: path, reason, mayBeLate };
}

function contextName(env: Variables, home: string): readonly [name: string | undefined, reason: string] {
  const chosen = valueOf(env, 'DOCKER_CONTEXT');
  if (chosen !== undefined) return [chosen, `DOCKER_CONTEXT=${chosen}`];
  const file = join(configDirectory(env, home), 'config.json');
  const config = readJson(file) as { readonly currentContext?: unknown } | null | undefined;
  const current = typeof config?.currentContext === 'string' ? config.currentContext.trim() || undefined : undefined;
  return [current, `currentContext "${String(current)}" of ${file}`];
}

function ofContext(name: string, reason: string, env: Variables, home: string): DaemonPlace {
  const contexts = join(configDirectory(env, home), 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(contexts, 'meta', id, 'meta.json');
  const meta = readJson(file) as
    | { readonly Endpoints?: { readonly docker?: { readonly Host?: unknown; readonly SkipTLSVerify?: unknown } } }
    | null
    | undefined;
  if (meta === undefined) {
    throw new DaemonError(
      `the Docker context "${name}" (${reason}) does not exist: expected ${file}. See docker context ls, or set DOCKER_HOST`,
      'docker context ls',
    );
  }
  const endpoint = meta?.Endpoints?.docker;
  if (typeof endpoint?.Host !== 'string' || endpoint.Host === '')
    throw new DaemonError(
      `the Docker context "${name}" (${reason}) has no address of a daemon`,
      `docker context inspect ${name}`,
    );
  const directory = join(contexts, 'tls', id, 'docker');
  const tls = existsSync(directory) ? { directory, skipVerify: endpoint.SkipTLSVerify === true } : undefined;
  return at(endpoint.Host, reason, env, tls);
}

function at(text: string, reason: string, env: Variables, tls: TlsFiles | undefined): DaemonPlace {
  const [, scheme = 'tcp', rest = text] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === 'unix' || scheme === 'npipe') return atSocket(rest === '' ? systemSocket : rest, reason, true);
  if (!['tcp', 'http', 'https', 'ssh'].includes(scheme))
    throw new DaemonError(
      `${reason}: expected a daemon at unix://, tcp:// or ssh://, got ${JSON.stringify(text)}`,
      'docker context ls',
    );
  const url = urlOf(scheme, rest, reason, text);
  if (scheme === 'ssh') return { ...overSsh(url, env), reason, mayBeLate: false };
  const isTls = scheme === 'https' || tls !== undefined || url.port === '2376';
  const port = url.port === '' ? (isTls ? '2376' : '2375') : url.port;
  const options = {
    socketPath: undefined,
    host: url.hostname,
    port,
    protocol: isTls ? ('https' as const) : ('http' as const),
    pathPrefix: url.pathname,
    ...(tls === undefined ? {} : keysIn(tls, reason)),
  };
  return { options, address: `${scheme}://${url.hostname}:${port}`, reason, mayBeLate: true };
}

function urlOf(scheme: string, rest: string, reason: string, text: string): URL {
  try {
    // as http, because the class parses only hosts of schemes that it knows
    return new URL(
      `http://${rest.startsWith(':') ? 'localhost' : ''}${scheme === 'ssh' ? rest : rest.replace(/^\/*$/, 'localhost')}`,
    );
  } catch (cause) {
    throw new DaemonError(
      `${reason}: expected an address such as tcp://localhost:2375, got ${JSON.stringify(text)}`,
      'docker context ls',
      {
        cause,
      },
    );
  }
}

/** The client has its own SSH implementation, which uses only keys of the SSH agent and does not read ~/.ssh/config. */
function overSsh(url: URL, env: Variables): Pick<DaemonPlace, 'options' | 'address'> {
  const { hostname, port, username } = url;
  const options = {
    socketPath: undefined,
    host: hostname,
    port: port === '' ? 22 : port,
    protocol: 'ssh' as const,
    username,
    sshOptions: env['SSH_AUTH_SOCK'] === undefined ? {} : { agent: env['SSH_AUTH_SOCK'] },
  };
  const address = `ssh://${username === '' ? '' : `${username}@`}${hostname}${port === '' ? '' : `:${port}`}`;
  return { options, address };
}

/** By the rules of the docker command: any value of `DOCKER_TLS_VERIFY` enables verification; `DOCKER_TLS` enables TLS without it. */
function tlsOfEnvironment(env: Variables, home: string): TlsFiles | undefined {
  const [verify, plain] = [valueOf(env, 'DOCKER_TLS_VERIFY'), valueOf(env, 'DOCKER_TLS')];
  if (verify === undefined && plain === undefined) return undefined;
  return { directory: valueOf(env, 'DOCKER_CERT_PATH') ?? configDirectory(env, home), skipVerify: verify === undefined };
}

function keysIn({ directory, skipVerify }: TlsFiles, reason: string): Dockerode.DockerOptions {
  const read = (name: string): Buffer | undefined => {
    try {
      return readFileSync(join(directory, name));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined; // each of them may be absent
      throw new DaemonError(`${reason}: cannot read ${join(directory, name)}: ${messageOf(cause)}`, `ls -l ${directory}`, {
        cause,
      });
    }
  };
  const [ca, cert, key] = [read('ca.pem'), read('cert.pem'), read('key.pem')];
  return { ca, cert, key, ...(skipVerify ? { agent: new Agent({ rejectUnauthorized: false }) } : {}) };
}

function configDirectory(env: Variables, home: string): string {
  return valueOf(env, 'DOCKER_CONFIG') ?? join(home, '.docker');
}

/** Reads a JSON file; `undefined` if it does not exist. @throws DaemonError if it cannot be read */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw new DaemonError(`cannot read ${file} to find the Docker daemon: ${messageOf(cause)}`, `cat ${file}`, { cause });
  }
}
