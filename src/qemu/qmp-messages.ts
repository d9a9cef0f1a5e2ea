// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { QmpProtocolError } from './errors.ts';

/** An event of QEMU, such as `SHUTDOWN`. For names and data see QEMU's QAPI reference. */
export interface QmpEvent {
  readonly event: string;
  readonly data: JsonObject;
  /** when it happened by the clock of QEMU's machine, in `ms` since 1970, exact to the microsecond */
  readonly timeMs: number;
}

/** A line from QEMU. */
export type QmpMessage =
  | { readonly kind: 'greeting'; readonly version: string }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly errorClass: string; readonly description: string };

/**
 * Parses a line of QMP (QEMU's docs/interop/qmp-spec).
 * @throws {@link QmpProtocolError} if it is not QMP
 */
export function parseMessage(line: string): QmpMessage {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch (cause) {
    throw new QmpProtocolError(`expected JSON from QEMU's monitor, got: ${line.slice(0, 200)}`, { cause });
  }
  if (!isJsonObject(message)) throw unknown(line);
  const { QMP: greeting, event, error, id } = message;
  if (isJsonObject(greeting)) return { kind: 'greeting', version: versionOf(greeting) };
  if (typeof event === 'string') return { kind: 'event', event: eventOf(event, message) };
  if (isJsonObject(error)) {
    const known = typeof id === 'number' ? id : undefined;
    return { kind: 'error', id: known, errorClass: text(error['class']), description: text(error['desc']) };
  }
  if ('return' in message && typeof id === 'number') return { kind: 'result', id, result: message['return'] };
  throw unknown(line);
}

function eventOf(event: string, { data, timestamp }: JsonObject): QmpEvent {
  return { event, data: isJsonObject(data) ? data : {}, timeMs: timeOf(timestamp) ?? Date.now() };
}

/** The latest time that a `Date` can hold, in `s`. */
const latestSeconds = 8.64e12;

/** Returns `undefined` if it is no time: both numbers are -1 if QEMU could not read its clock. */
function timeOf(timestamp: unknown): number | undefined {
  const { seconds, microseconds } = isJsonObject(timestamp) ? timestamp : {};
  const isTime = isBetween(seconds, 0, latestSeconds) && isBetween(microseconds, 0, 999_999);
  return isTime ? seconds * 1000 + microseconds / 1000 : undefined;
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

function versionOf({ version }: JsonObject): string {
  const qemu = isJsonObject(version) && isJsonObject(version['qemu']) ? version['qemu'] : {};
  return ['major', 'minor', 'micro'].map((part) => text(qemu[part])).join('.');
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}

function unknown(line: string): QmpProtocolError {
  return new QmpProtocolError(`expected QMP from QEMU's monitor, got: ${line.slice(0, 200)}`);
}
