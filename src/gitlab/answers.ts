// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';

/** A note of a merge request. */
export interface Note {
  readonly id: number;
  /** Markdown */
  readonly body: string;
}

/** A pipeline, as GitLab lists it. */
export interface Pipeline {
  readonly id: number;
  /** `success`, `failed`, `canceled`, … */
  readonly status: string;
  /** ISO 8601 */
  readonly updatedAt: string;
}

/** A test case of a pipeline's test report. */
export interface TestCase {
  /** absent if the JUnit file does not name it */
  readonly file: string | undefined;
  readonly seconds: number;
  readonly className: string;
  readonly name: string;
  /** `success`, `failed`, `error`, `skipped` */
  readonly status: string;
}

/** Parses a list of notes. @throws TypeError when the answer has another shape */
export function notesOf(answer: unknown): readonly Note[] {
  return list(answer).map((note) => ({ id: number(note['id']), body: text(note['body']) }));
}

/** Parses a list of pipelines. @throws TypeError when the answer has another shape */
export function pipelinesOf(answer: unknown): readonly Pipeline[] {
  return list(answer).map((pipeline) => ({
    id: number(pipeline['id']),
    status: text(pipeline['status']),
    updatedAt: text(pipeline['updated_at']),
  }));
}

/** Parses the cases of a test report. @throws TypeError when the answer has another shape */
export function testCasesOf(answer: unknown): readonly TestCase[] {
  return list(record(answer)['test_suites'])
    .flatMap((suite) => list(suite['test_cases']))
    .map(({ file, execution_time: seconds, classname, name, status }) => ({
      file: typeof file === 'string' && file !== '' ? file : undefined,
      seconds: typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : 0, // null if the case was not run
      className: typeof classname === 'string' ? classname : '',
      name: typeof name === 'string' ? name : '',
      status: typeof status === 'string' ? status : '',
    }));
}

/** Total duration of each file, in seconds. */
export function caseSeconds(cases: readonly TestCase[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { file, seconds } of cases) if (file !== undefined) sums.set(file, (sums.get(file) ?? 0) + seconds);
  return sums;
}

function record(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('expected an object');
  return value;
}

function list(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) throw new TypeError('expected a list');
  return value.map(record);
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('expected a number');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('expected a text');
  return value;
}
