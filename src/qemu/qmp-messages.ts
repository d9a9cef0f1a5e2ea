// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { QmpProtocolError } from './errors.ts';

/** What QEMU tells of itself, such as `SHUTDOWN`. Names and data: QEMU's QAPI reference. */
export interface QmpEvent {
  readonly event: string;
  readonly data: JsonObject;
  /** when it happened by the clock of QEMU's machine, in `ms` since 1970, to the microsecond */
  readonly timeMs: number;
}

/** A line from QEMU. */
export type QmpMessage =
  | { readonly kind: 'greeting'; readonly version: string }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly errorClass: string; readonly description: string };

/**
 * Reads a line of QMP (QEMU's docs/interop/qmp-spec).
 * @throws {@link QmpProtocolError} when it is none
 */
export function parseMessage(line: string): QmpMessage {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch (cause) {
    throw new QmpProtocolError(`QEMU's monitor sent what is no JSON: ${line.slice(0, 200)}`, { cause });
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
  const { seconds, microseconds } = isJsonObject(timestamp) ? timestamp : {};
  // Both are -1 when QEMU could not tell the time.
  const timeMs = typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 + Number(microseconds) / 1000 : Date.now();
  return { event, data: isJsonObject(data) ? data : {}, timeMs };
}

function versionOf({ version }: JsonObject): string {
  const qemu = isJsonObject(version) && isJsonObject(version['qemu']) ? version['qemu'] : {};
  return ['major', 'minor', 'micro'].map((part) => text(qemu[part])).join('.');
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}

function unknown(line: string): QmpProtocolError {
  return new QmpProtocolError(`QEMU's monitor sent what is no QMP: ${line.slice(0, 200)}`);
}
