// SPDX-License-Identifier: GPL-3.0-or-later

/** What sets the clock unless `appliance.clockCommand` says otherwise; busybox takes whole seconds only. */
export const usualClockCommand = 'date -u -s @{time} >/dev/null 2>&1 || date -u -s @{seconds} >/dev/null';

/** Fills a time, in `ms` since 1970, into `appliance.clockCommand`. Pure. */
export function clockCommandAt(command: string, timeMs: number): string {
  const seconds = timeMs / 1000;
  return command.replaceAll('{time}', seconds.toFixed(3)).replaceAll('{seconds}', String(Math.round(seconds)));
}
