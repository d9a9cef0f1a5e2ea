// SPDX-License-Identifier: GPL-3.0-or-later
import type { Variables } from '../core/variables.ts';

const names = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];

/**
 * The proxies for a build: those of the environment, otherwise that of the host's apt. As build arguments they neither stay in
 * the image nor affect Docker's cache.
 */
export async function buildVariables(env: Variables): Promise<Readonly<Record<string, string>>> {
  const set = names
    .flatMap((name) => [name, name.toUpperCase()])
    .flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  if (set.some(([name]) => name.toLowerCase() === 'http_proxy')) return Object.fromEntries(set);
  const { execa } = await import('execa'); // loaded here because most commands build nothing
  const { failed, stdout } = await execa('apt-config', ['shell', 'proxy', 'Acquire::http::Proxy'], {
    env,
    extendEnv: false,
    reject: false, // a host without apt has no proxy of apt
    timeout: 10_000,
  });
  const proxy = failed ? undefined : /^proxy='(https?:\/\/[^']+)'$/.exec(stdout.trim())?.[1];
  return Object.fromEntries(proxy === undefined ? set : [...set, ['http_proxy', proxy] as const]);
}
