// SPDX-License-Identifier: GPL-3.0-or-later
// What run.json may contain: another job, or a program in a container, may have written it.
import { posix } from 'node:path';
import { z } from 'zod';
import { stepCategories } from '../core/step.ts';
import {
  failureClasses,
  type ErrorReport,
  type JobReport,
  type RunHead,
  type RunReport,
  type ShardReport,
  type SourcePlace,
  type StepReport,
  type TestReport,
} from './model.ts';

/** Most bytes to read of a report. */
export const maxReportBytes = 256 * 1024 ** 2;

/** Most shards of a run; the list of the missing ones has to fit into memory. */
const mostShards = 10_000;

const text = z.string();
const duration = z.number().min(0);
const count = z.int().min(0);
/** A path below the output directory. Others would make a merge read or write anywhere. */
const innerPath = text.refine(isInnerPath, 'expected a path inside the output directory');
/** Not `z.record`, which drops a field called `__proto__`. */
const environment = z.custom<Readonly<Record<string, string>>>(
  (value) => z.record(text, text).safeParse(value).success,
  'expected an object with strings',
);

const place: z.ZodType<SourcePlace> = z.object({ file: text, line: count, column: count });

const error: z.ZodType<ErrorReport> = z.object({
  message: text,
  name: text.exactOptional(),
  stack: text.exactOptional(),
  place: place.exactOptional(),
  codeFrame: text.exactOptional(),
  code: text.exactOptional(),
  fault: z.enum(['usage', 'environment', 'device', 'bug']).exactOptional(),
  hasMissedDeadline: z.literal(true).exactOptional(),
  isUnderLoad: z.literal(true).exactOptional(),
  expected: text.exactOptional(),
  actual: text.exactOptional(),
  diff: text.exactOptional(),
  details: z.array(z.object({ title: text, lines: z.array(text) })).exactOptional(),
  isConsequence: z.literal(true).exactOptional(),
});

const step: z.ZodType<StepReport> = z.object({
  source: text,
  category: z.enum(stepCategories),
  title: text,
  timeMs: z.number(),
  durationMs: duration.exactOptional(),
  error: text.exactOptional(),
  log: z.array(text),
  get children() {
    return z.array(step);
  },
});

/** The result of a test. */
export const testSchema: z.ZodType<TestReport> = z.object({
  id: text,
  name: text,
  fullName: text,
  file: text,
  line: count.exactOptional(),
  status: z.enum(['passed', 'flaky', 'failed', 'error', 'skipped']),
  failureClass: z.enum(failureClasses).exactOptional(),
  durationMs: duration,
  attempts: count.exactOptional(),
  errors: z.array(error),
  directory: innerPath.exactOptional(),
  artifacts: z.array(innerPath),
  steps: z.array(step),
  skipReason: text.exactOptional(),
  notRun: z.literal(true).exactOptional(),
  overload: text.exactOptional(),
});

const shard: z.ZodType<ShardReport> = z.object({ index: count, total: count.max(mostShards), plan: text });
const job: z.ZodType<JobReport> = z.object({ jobUrl: text.regex(/^https?:\/\//), outPath: text });

const head = {
  alpyVersion: text,
  startedAt: text.refine((value) => !Number.isNaN(Date.parse(value)), 'expected a time'),
  environment,
  failsOnFlaky: z.literal(true).exactOptional(),
  projectPath: text.exactOptional(),
  shard: shard.exactOptional(),
  job: job.exactOptional(),
};

/** What is known about a run before its first test. */
export const headSchema: z.ZodType<RunHead> = z.object(head);

/** The result of a run. */
export const runSchema: z.ZodType<RunReport> = z.object({
  ...head,
  durationMs: duration,
  tests: z.array(testSchema),
  errors: z.array(error),
  exitStatus: z.int().min(0).max(255),
});

function isInnerPath(path: string): boolean {
  const normal = posix.normalize(path);
  return !path.includes('\0') && !posix.isAbsolute(normal) && normal !== '..' && !normal.startsWith('../');
}

/** A checked value, or what is wrong with it. */
export type Checked<T> = { readonly data: T; readonly problem?: never } | { readonly data?: never; readonly problem: string };

/** Checks a value that comes from JSON. */
export function checkReport<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  let result: z.ZodSafeParseResult<T>;
  try {
    result = schema.safeParse(value);
  } catch (error) {
    if (error instanceof RangeError) return { problem: 'its steps are nested too deeply' }; // the stack has overflowed
    throw error;
  }
  if (result.success) return { data: result.data };
  const [issue] = result.error.issues;
  return { problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}
