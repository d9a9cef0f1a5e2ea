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
  const { seconds, microseconds } = isJsonObject(timestamp) ? timestamp : {};
  // both are -1 if QEMU could not read the time
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
  return new QmpProtocolError(`expected QMP from QEMU's monitor, got: ${line.slice(0, 200)}`);
}
