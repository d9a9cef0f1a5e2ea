// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, jsonText, type JsonObject } from '../core/json-object.ts';
import { SharkdFailure } from './errors.ts';
import type { Frame, FrameQuery } from './frame.ts';

/** Answer of sharkd to a request. */
export type SharkdAnswer =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly reason: string };

/** Numbers of the columns to request from sharkd. They differ between versions. */
export interface SharkdColumns {
  readonly protocol: string;
  readonly info: string;
}

/** Formats a request as one line of JSON-RPC 2.0. Methods and parameters: https://wiki.wireshark.org/sharkd-JSON-RPC-Request-Syntax */
export function requestLine(id: number, method: string, params: JsonObject): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
}

/**
 * Parses a line of sharkd.
 * @throws {@link SharkdFailure} when it is not an answer
 */
export function parseAnswer(line: string): SharkdAnswer {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch (cause) {
    throw new SharkdFailure(`expected JSON from sharkd, got: ${line.slice(0, 200)}`, { cause });
  }
  if (!isJsonObject(answer)) throw unknown(line);
  const { id, result, error } = answer;
  if (isJsonObject(error)) {
    return { kind: 'error', id: typeof id === 'number' ? id : undefined, reason: jsonText(error['message']) };
  }
  if (typeof id !== 'number' || result === undefined) throw unknown(line);
  return { kind: 'result', id, result };
}

/**
 * Finds the columns in sharkd's description of itself.
 * @throws {@link SharkdFailure} when a column is missing
 */
export function findColumns(info: unknown): SharkdColumns {
  const columns = isJsonObject(info) && Array.isArray(info['columns']) ? (info['columns'] as readonly unknown[]) : [];
  const find = (format: string): string => {
    const index = columns.findIndex((column) => isJsonObject(column) && column['format'] === format);
    if (index < 0) throw new SharkdFailure(`sharkd has no column ${format}`);
    return String(index);
  };
  return { protocol: find('%p'), info: find('%i') };
}

/** Parameters of the method `frames`. */
export function framesParameters({ protocol, info }: SharkdColumns, { filter, limit }: Omit<FrameQuery, 'fields'>): JsonObject {
  return {
    ...(filter === '' ? {} : { filter }),
    ...(limit === undefined ? {} : { limit }),
    ...{ column0: 'frame.time_epoch:1', column1: 'frame.len:1', column2: protocol, column3: info },
  };
}

/**
 * Reads the result of the method `frames`.
 * @throws {@link SharkdFailure} when it is something else
 */
export function framesOf(result: unknown): readonly Frame[] {
  if (!Array.isArray(result)) throw new SharkdFailure('expected a list of frames from sharkd');
  return result.map((row: unknown) => {
    const { num, c } = isJsonObject(row) ? row : {};
    if (typeof num !== 'number' || !Array.isArray(c))
      throw new SharkdFailure(`expected a frame from sharkd, got ${JSON.stringify(row)}`);
    const [time, length, protocol, info] = (c as readonly unknown[]).map(jsonText);
    return {
      number: num,
      timeMs: Number(time) * 1000,
      lengthBytes: Number(length),
      protocol: protocol ?? '',
      info: info ?? '',
      fields: {},
    };
  });
}

function unknown(line: string): SharkdFailure {
  return new SharkdFailure(`expected an answer from sharkd, got: ${line.slice(0, 200)}`);
}
