// SPDX-License-Identifier: GPL-3.0-or-later
import type { FailureTextOptions, RunReport, TestReport } from '../../../report/index.ts';

/** What one reporter prints during a run. */
export interface RunOutput {
  /** prints properties of the run before the first test; called again if more become known */
  readonly facts: (environment: Readonly<Record<string, string>>) => void;
  /** prints the result of a test that has ended */
  readonly test: (test: TestReport) => void;
  /**
   * Prints what is left; resolves when everything has been printed.
   * @param outPath - by which the reader can open the output directory
   */
  readonly end: (report: RunReport, outPath: string) => Promise<void>;
}

/** Prints one line, without its end. */
export type WriteLine = (line: string) => void;

/** How the reader of the output sees it. */
export interface OutputStyle {
  /** whether the output goes to a terminal, which shows symbols instead of words */
  readonly isTerminal: boolean;
  /** adds a colour if the output supports it */
  readonly paint: Paint;
  /** colours the lines of a failure; absent for no colours */
  readonly failureStyle?: FailureTextOptions['style'];
}

/** Adds a colour or a weight to a text. */
export type Paint = (format: 'green' | 'red' | 'yellow' | 'dim' | 'bold', text: string) => string;
