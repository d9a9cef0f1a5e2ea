// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepSink } from '../core/step.ts';
import type { RunReport, TestReport } from './model.ts';
import type { RunHead } from './stored-results.ts';

/** Fields with one of a few fixed words, by which reports decide; a secret that happens to be such a word is none there. */
const fixedFields: ReadonlySet<string> = new Set(['status', 'fault', 'category']);

/**
 * The report with every text in it redacted, however deep: messages, steps, log lines, names of tests and files, values
 * of the environment. `status`, `fault` and `category` stay, and so does the report that was given.
 * @param redact - of {@link makeRedactor}
 */
export function redactReport(report: RunReport, redact: (text: string) => string): RunReport {
  return redactHead(report, redact);
}

/** The same for what is known of a run before its first test. */
export function redactHead<T extends RunHead>(head: T, redact: (text: string) => string): T {
  const environment = Object.entries(head.environment).map(([name, value]) => [name, redact(value)] as const);
  // the same shape comes out: only texts are replaced, by texts
  return { ...(redacted(head, redact) as T), environment: Object.fromEntries(environment) };
}

/** The same for one test. */
export function redactTest(test: TestReport, redact: (text: string) => string): TestReport {
  return redacted(test, redact) as TestReport;
}

/** A sink that hands events on with their texts redacted. @param redact - of {@link makeRedactor} */
export function redactSink(sink: StepSink, redact: (text: string) => string): StepSink {
  return (event) => {
    if (event.kind === 'log') {
      sink({ ...event, text: redact(event.text) });
      return;
    }
    const title = redact(event.title);
    if (event.kind === 'end' && event.error !== undefined) sink({ ...event, title, error: redact(event.error) });
    else sink({ ...event, title });
  };
}

function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]: [string, unknown]) => {
    return [name, fixedFields.has(name) ? field : redacted(field, redact)] as const;
  });
  return Object.fromEntries(fields);
}
