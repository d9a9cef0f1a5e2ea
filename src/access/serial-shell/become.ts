// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../../config/index.ts';
import { quoteWord } from '../../core/text.ts';

/** Prefixes a command with `appliance.become`, if that is set. Pure. */
export function withBecome({ become }: Appliance, command: string): string {
  return become === undefined ? command : `${become} sh -c ${quoteWord(command)}`;
}

/** What to do if a command of Alpy's own was refused. @param key - the key of the appliance that replaces the command */
export function permissionAdvice(key: 'clockCommand' | 'rebootCommand' | 'powerOffCommand'): string {
  return `If the user of appliance.login may not do this, set appliance.become (such as sudo -n) or appliance.${key}`;
}
