// SPDX-License-Identifier: GPL-3.0-or-later
import { closeSync, readSync } from 'node:fs';
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { openPlainSync } from '../core/plain-file.ts';
import { stepCategories, type StepEvent } from '../core/step.ts';

const chunkBytes = 65_536;
/** Most bytes to read: more than a bounded log has. */
const maxBytes = 16 * 1024 ** 2;
/** Longest line; alpy writes no longer ones. */
const maxLineBytes = 256 * 1024;

/**
 * Reads the events in `events.ndjson`. Skips invalid lines: a crash or a full disk may have cut them off, an older alpy or a program
 * in a container may have written them. Reads only a regular file, and at most its first 16 MiB.
 * @throws EnvironmentError if the path is not a regular file
 * @throws Error of the file system if there is no such file or it cannot be read
 */
export function* readEvents(file: string): Generator<StepEvent> {
  const handle = openPlainSync(file, 'r');
  try {
    for (const line of linesOf(handle)) {
      const event = parseEvent(line);
      if (event) yield event;
    }
  } finally {
    closeSync(handle);
  }
}

function* linesOf(handle: number): Generator<string> {
  const chunk = Buffer.alloc(chunkBytes);
  let rest = Buffer.alloc(0);
  let isTooLong = false;
  for (let total = 0; total < maxBytes;) {
    const count = readSync(handle, chunk);
    if (count === 0) break;
    total += count;
    let bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      if (!isTooLong) yield bytes.toString('utf8', 0, end);
      isTooLong = false;
      bytes = bytes.subarray(end + 1);
    }
    isTooLong ||= bytes.length > maxLineBytes;
    rest = isTooLong ? Buffer.alloc(0) : bytes;
  }
  if (rest.length > 0) yield rest.toString();
}

function parseEvent(line: string): StepEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // see above
  }
  return isEvent(value) ? value : undefined;
}

function isEvent(value: unknown): value is StepEvent {
  if (!isJsonObject(value)) return false;
  const { kind, source, timeMs, stepId, text, durationMs, error } = value;
  if (typeof source !== 'string' || !isTime(timeMs)) return false;
  if (kind === 'log') return typeof text === 'string' && isOptionalText(stepId);
  if (!isStep(value)) return false;
  if (kind === 'begin') return true;
  return kind === 'end' && isTime(durationMs) && isOptionalText(error);
}

function isStep({ id, parentId, category, title }: JsonObject): boolean {
  const isKnown = stepCategories.some((known) => known === category);
  return typeof id === 'string' && isOptionalText(parentId) && isKnown && typeof title === 'string';
}

/** JSON can hold numbers that JavaScript takes for infinite. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
