// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { ContainerError } from '../docker/index.ts';
import type { NodeConfig } from '../topology/index.ts';
import type { InterfacePlace } from './interface-place.ts';

/** Settings of a network namespace, by their names. */
export type Sysctls = NonNullable<NodeConfig['sysctls']>;

/** Settings as text, as Docker and the kernel take them. Pure. */
export function sysctlTexts(sysctls: Sysctls): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(sysctls).map(([name, value]) => [name, String(value)]));
}

/**
 * Compares the settings of a node with those that it should have.
 * @param guestKey - for a guest, the key that has the settings: a guest makes them itself, so what its kernel refuses shows only here
 * @throws EnvironmentError if one differs, UsageError if the node is a guest
 */
export async function checkSysctls(
  { node, shell }: InterfacePlace,
  sysctls: Sysctls,
  guestKey: string | undefined,
  wait: Partial<Wait>,
): Promise<void> {
  const names = Object.keys(sysctls);
  if (names.length === 0) return;
  const printed = await shell(`for file in ${names.map(sysctlFile).join(' ')}; do cat "$file" || echo; done`, wait);
  const problems = sysctlDifferences(sysctls, printed);
  if (problems.length === 0) return;
  const advice = 'The kernel refused it, or another setting or program on the node changed it. Correct or remove one of them';
  if (guestKey !== undefined) throw new UsageError(`${guestKey}: ${problems.join('; ')}. ${advice}`);
  throw new EnvironmentError(`${node}: ${problems.join('; ')}. ${advice}`);
}

/** Settings that have another value, each as `expected …, got …`. Pure. @param printed - a line for each setting */
export function sysctlDifferences(sysctls: Sysctls, printed: string): readonly string[] {
  const lines = printed.split('\n');
  return Object.entries(sysctls).flatMap(([name, value], index) => {
    const got = words(lines[index] ?? '');
    return got === words(String(value)) ? [] : [`expected ${name} to be ${value}, got ${got || 'nothing'}`];
  });
}

/**
 * The error if the kernel refused a setting of a node, instead of the daemon's. Pure.
 * @param key - the key that has the settings: `topology.nodes.node0.sysctls`
 * @param error - with which the daemon refused to make them
 */
export function refusedSysctl(key: string, sysctls: Sysctls, error: unknown): UsageError | undefined {
  if (!(error instanceof ContainerError)) return undefined;
  const [, action, path = '', reason] = /(open|write) (\/proc\/sys\/net\/\S+): ([^:]+)/.exec(error.message) ?? [];
  const name = Object.keys(sysctls).find((one) => sysctlFile(one) === path);
  if (name === undefined) return undefined;
  const where = `${key}.${name}`;
  const problem =
    action === 'write'
      ? `expected a value that the kernel accepts, got ${JSON.stringify(sysctls[name])} (${reason}). Correct it`
      : `expected a setting that each network namespace has, but nodes cannot set this one (${reason}). Correct its name, or remove it`;
  return new UsageError(`${where}: ${problem}`, { cause: error });
}

/** The file of a setting of the kernel. Pure. */
export function sysctlFile(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`;
}

function words(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}
