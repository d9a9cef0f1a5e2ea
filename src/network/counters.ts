// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json-object.ts';

/** What an interface of a node received and sent. `received` came from the device. */
export interface Counters {
  readonly receivedFrames: number;
  readonly sentFrames: number;
  /** frames that were lost instead of being received or sent */
  readonly dropped: number;
}

/**
 * Parses the output of `ip -j -s link show dev …`.
 * @throws EnvironmentError if the counters are missing: the image of the node has another ip, or a program has disturbed its output
 */
export function parseCounters(json: string): Counters {
  const list = parse(json);
  const stats = objectOf(objectOf(Array.isArray(list) ? list[0] : undefined)['stats64']);
  const [rx, tx] = [objectOf(stats['rx']), objectOf(stats['tx'])];
  const count = (value: unknown): number => {
    if (Number.isInteger(value)) return value as number;
    throw new EnvironmentError(
      `expected counters of an interface from ip, got: ${json.slice(0, 200)}. Use an image for nodes that has iproute2`,
    );
  };
  return {
    receivedFrames: count(rx['packets']),
    sentFrames: count(tx['packets']),
    dropped: count(rx['dropped']) + count(tx['dropped']),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // reported as missing counters
  }
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
