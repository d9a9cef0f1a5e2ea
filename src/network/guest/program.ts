// SPDX-License-Identifier: GPL-3.0-or-later
import { quoteWord } from '../../core/text.ts';
import { agentLoop } from '../../docker/index.ts';
import type { NodeSpec } from '../../topology/index.ts';
import { hostsText, sysctls4, sysctls6 } from '../node-defaults.ts';
import { resolverText } from '../resolver.ts';
import { sysctlFile, sysctlTexts } from '../sysctls.ts';

/**
 * The shell program that the guest's first process becomes: it makes settings, loads the driver of the NICs, which therefore begin with
 * these settings, and then takes commands. Pure.
 */
export function guestProgram({ name, config: { sysctls = {}, resolver } = {} }: NodeSpec): string {
  const settings = [{ ...sysctls4, ...sysctls6 }, sysctlTexts(sysctls)].flatMap((one) => Object.entries(one)); // its own come last
  return [
    'ln -s /proc/self/fd /dev/fd',
    ...['stdin', 'stdout', 'stderr'].map((file, number) => `ln -s /proc/self/fd/${number} /dev/${file}`),
    `echo ${quoteWord(name)} >/proc/sys/kernel/hostname`,
    `printf %s ${quoteWord(hostsText)} >/etc/hosts`,
    ...(resolver ? [`printf %s ${quoteWord(resolverText(resolver))} >/etc/resolv.conf`] : []),
    ...settings.map(([key, value]) => `echo ${quoteWord(value)} >${sysctlFile(key)}`),
    'modprobe virtio_net',
    agentLoop,
  ].join('\n');
}

/** What a guest that has ended printed last: why its kernel panicked, if it did. Pure. */
export function lastWords(printed: string): string {
  const panic = /Kernel panic[^\r\n]*/.exec(printed);
  return panic ? panic[0] : printed.replaceAll('\0', '');
}
