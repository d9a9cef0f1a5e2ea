// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../../config/index.ts';
import { UsageError } from '../../core/errors.ts';
import { log } from '../../core/step.ts';
import { permissionAdvice, withBecome } from './become.ts';
import type { OpeningCommand } from './shell-options.ts';

/** Sets the clock unless `appliance.clockCommand` says otherwise; busybox takes whole seconds only. */
const defaultClockCommand = 'date -u -s @{time} >/dev/null 2>&1 || date -u -s @{seconds} >/dev/null';

/** Fills a time, in `ms` since 1970, into `appliance.clockCommand`. Pure. */
export function clockCommandAt(command: string, timeMs: number): string {
  const seconds = timeMs / 1000;
  return command.replaceAll('{time}', seconds.toFixed(3)).replaceAll('{seconds}', String(Math.round(seconds)));
}

/** The command that sets the clock of a restored guest; undefined if the configuration says to leave the clock alone. */
export function clockSetting(appliance: Appliance): OpeningCommand | undefined {
  const { clockCommand, become } = appliance;
  if (clockCommand === '') return undefined;
  return {
    title: 'Set the clock',
    text: () => withBecome(appliance, clockCommandAt(clockCommand ?? defaultClockCommand, Date.now())),
    judge: (error) => {
      const reason = `the guest's clock cannot be set: exit status ${error.exitStatus}, ${error.output.trim() || 'no output'}`;
      const isSet = clockCommand !== undefined || become !== undefined;
      if (!isSet) {
        const advice = `${permissionAdvice('clockCommand')}, which may be empty`;
        log('alpy.testbed', `warning: ${reason}. The time is that of the snapshot. ${advice}`);
        return;
      }
      const keys = [...(clockCommand === undefined ? [] : ['clockCommand']), ...(become === undefined ? [] : ['become'])];
      const named = keys.map((key) => `appliance.${key}`).join(' and ');
      throw new UsageError(`${named}: ${reason}. Correct it, or set appliance.clockCommand to '' to leave the clock alone`);
    },
  };
}
