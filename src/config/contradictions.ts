// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from './schema.ts';

/** Keys of an appliance that type commands for a shell. */
const shellKeys = ['clockCommand', 'rebootCommand', 'powerOffCommand', 'become'] as const;

/** What contradicts itself in a configuration whose single values are valid, one line each. Pure. */
export function contradictions({ appliance }: Pick<Config, 'appliance'>): readonly string[] {
  const { login, provision } = appliance;
  if (login?.shell !== 'none') return [];
  const set: readonly string[] = [
    ...(login.shellCommand === undefined ? [] : ['login.shellCommand']),
    ...(provision.length === 0 ? [] : ['provision']),
    ...shellKeys.filter((key) => appliance[key] !== undefined && appliance[key] !== ''),
  ];
  return set.map((key) => `appliance.${key}: expected a shell, got appliance.login.shell: none. Remove one of the two`);
}
