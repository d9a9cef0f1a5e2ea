// SPDX-License-Identifier: GPL-3.0-or-later
import { QmpProtocolError } from './errors.ts';

/** What QEMU tells of itself, such as `SHUTDOWN`. Names and data: QEMU's QAPI reference. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** when it happened by the clock of QEMU's machine, in `ms` since 1970, to the microsecond */
  readonly timeMs: number;
}

/** A line from QEMU. */
export type QmpMessage =
  | { readonly kind: 'greeting'; readonly version: string }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly errorClass: string; readonly description: string };

type Fields = Readonly<Record<string, unknown>>;

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
  if (!isFields(message)) throw unknown(line);
  const { QMP: greeting, event, error, id } = message;
  if (isFields(greeting)) return { kind: 'greeting', version: versionOf(greeting) };
  if (typeof event === 'string') return { kind: 'event', event: eventOf(event, message) };
  if (isFields(error)) {
    const known = typeof id === 'number' ? id : undefined;
    return { kind: 'error', id: known, errorClass: text(error['class']), description: text(error['desc']) };
  }
  if ('return' in message && typeof id === 'number') return { kind: 'result', id, result: message['return'] };
  throw unknown(line);
}

function eventOf(event: string, { data, timestamp }: Fields): QmpEvent {
  const { seconds, microseconds } = isFields(timestamp) ? timestamp : {};
  // Both are -1 when QEMU could not tell the time.
  const timeMs = typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 + Number(microseconds) / 1000 : Date.now();
  return { event, data: isFields(data) ? data : {}, timeMs };
}

function versionOf({ version }: Fields): string {
  const qemu = isFields(version) && isFields(version['qemu']) ? version['qemu'] : {};
  return ['major', 'minor', 'micro'].map((part) => text(qemu[part])).join('.');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}

function unknown(line: string): QmpProtocolError {
  return new QmpProtocolError(`QEMU's monitor sent what is no QMP: ${line.slice(0, 200)}`);
}
