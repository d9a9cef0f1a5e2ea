// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../../core/errors.ts';
import { jsonOutput, junitOutput } from './documents.ts';
import { dotOutput } from './dot.ts';
import { githubOutput } from './github.ts';
import { jobOutput } from './job.ts';
import { lineOutput } from './line.ts';
import { listOutput, type ListOptions } from './list.ts';
import type { ReporterName } from './names.ts';
import type { RunOutput, WriteLine } from './run-output.ts';

/** Where reporters write, and what they show. */
export interface ReporterOptions extends ListOptions {
  /** writes text to the standard output */
  readonly stdout: (text: string) => void;
  /** writes text to the standard error */
  readonly stderr: (text: string) => void;
  /** see `LineOptions` */
  readonly rewrite: WriteLine | undefined;
  /** set in a GitLab job, where a list has a section per test */
  readonly job?: { readonly outDirectory: string; readonly redact: (text: string) => string } | undefined;
}

/** Reporters that print one document for a program on the standard output. */
const documents: readonly ReporterName[] = ['json', 'junit'];

/** Whether the standard output belongs to a document, so that everything else goes to the standard error. */
export function printsDocument(names: readonly ReporterName[]): boolean {
  return names.some((name) => documents.includes(name));
}

/**
 * Creates reporters: at most one that prints the tests, and at most one that prints a document.
 * @throws UsageError if there are more
 */
export function chooseOutput(names: readonly ReporterName[], options: ReporterOptions): RunOutput {
  const chosen = new Set(names);
  if (chosen.has('github')) chosen.delete('list'); // which is a part of it
  assertAtMostOne([...chosen].filter((name) => documents.includes(name)));
  assertAtMostOne([...chosen].filter((name) => !documents.includes(name)));
  const text = printsDocument(names) ? options.stderr : options.stdout;
  const outputs = [...chosen].map((name) => create(name, text, options));
  return {
    facts: (environment) => {
      for (const output of outputs) output.facts(environment);
    },
    test: (test) => {
      for (const output of outputs) output.test(test);
    },
    end: async (report, outPath) => {
      for (const output of outputs) await output.end(report, outPath);
    },
  };
}

function assertAtMostOne(names: readonly ReporterName[]): void {
  if (names.length > 1) throw new UsageError(`--reporter: expected one of ${names.join(' and ')}, got both`);
}

function create(name: ReporterName, text: (text: string) => void, options: ReporterOptions): RunOutput {
  const write: WriteLine = (line) => {
    text(`${line}\n`);
  };
  const { job } = options;
  switch (name) {
    case 'list':
      return job ? jobOutput(write, job.outDirectory, job.redact) : listOutput(write, options);
    case 'line':
      return lineOutput(write, options);
    case 'dot':
      return dotOutput(text, options);
    case 'json':
      return jsonOutput(options.stdout);
    case 'junit':
      return junitOutput(options.stdout);
    case 'github':
      return githubOutput(write, (line) => listOutput(line, options));
  }
}
