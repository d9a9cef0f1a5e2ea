// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepSink } from '../core/step.ts';
import type { RunHead, RunReport, TestReport } from './model.ts';

/** Fields whose values are fixed words that programs match on. They are not redacted, even if a secret is such a word. */
const fixedFields: ReadonlySet<string> = new Set(['status', 'fault', 'category']);

/**
 * Returns a copy of the report with all texts redacted at any depth: messages, steps, log lines, names of tests and files, values of
 * the environment. Keeps `status`, `fault` and `category`.
 * @param redact - from {@link makeRedactor}
 */
export function redactReport(report: RunReport, redact: (text: string) => string): RunReport {
  return redactHead(report, redact);
}

/** Like {@link redactReport}, for what is known before the first test. */
export function redactHead<T extends RunHead>(head: T, redact: (text: string) => string): T {
  const environment = Object.entries(head.environment).map(([name, value]) => [name, redact(value)] as const);
  // the shape stays the same, because texts are replaced by texts
  return { ...(redacted(head, redact) as T), environment: Object.fromEntries(environment) };
}

/** Like {@link redactReport}, for one test. */
export function redactTest(test: TestReport, redact: (text: string) => string): TestReport {
  return redacted(test, redact) as TestReport;
}

/** Returns a sink that passes events on with redacted texts. @param redact - from {@link makeRedactor} */
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
