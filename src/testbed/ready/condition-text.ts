// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from '../../config/index.ts';
import { patternOf } from '../../config/pattern.ts';
import { describePattern } from '../../core/pattern.ts';
import { durationText, oneLine } from '../../core/text.ts';

/** One of `appliance.ready`. */
export type ReadyCondition = NonNullable<Appliance['ready']>[number];

/** What is awaited, after "wait for". Pure. */
export function conditionText({ console, command, tcp, http, ping, carrier, quietMs }: ReadyCondition): string {
  if (console !== undefined) return `${describePattern(patternOf(console))} on the console`;
  if (command !== undefined) return `command "${oneLine(command)}" to succeed`;
  if (tcp) return `TCP port ${tcp.port} of ${tcp.address} to accept connections from ${tcp.node}`;
  if (http) return `${http.url} to answer ${http.node} with status ${http.status ?? defaultStatus}`;
  if (ping) return `${ping.address} to answer a ping from ${ping.node}`;
  if (carrier !== undefined) return `a carrier on ${carrier}`;
  return `a console that is quiet for ${durationText(quietMs ?? 0)}`;
}

/** What an HTTP server must answer unless the condition says otherwise. */
export const defaultStatus = 200;
