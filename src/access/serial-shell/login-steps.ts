// SPDX-License-Identifier: GPL-3.0-or-later
import { describePattern, expressionOf, type Pattern } from '../../core/pattern.ts';
import { inBytes } from './login-prompts.ts';

/** A question that a device asks before, during or after the log-in, and its answer. */
export interface LoginStep {
  /** what the device has printed last when it waits for the answer: it must end in the last line that is not blank */
  readonly expect: Pattern;
  /** answer, which is typed with Enter; may be empty */
  readonly send: string;
  /** whether Enter is pressed after the answer; default true */
  readonly enter?: boolean | undefined;
  /** whether the answer is hidden in logs, reports and errors; default false */
  readonly secret?: boolean | undefined;
  /** whether the device may skip the question; default false */
  readonly optional?: boolean | undefined;
  /** how often the question is answered at most; default 1 */
  readonly times?: number | undefined;
}

/** Where a log-in is in the list of its steps. */
export class StepList {
  readonly #steps: readonly LoginStep[];
  readonly #answered: number[];
  /** the step that was answered last */
  #last = 0;

  constructor(steps: readonly LoginStep[]) {
    this.#steps = steps;
    this.#answered = steps.map(() => 0);
  }

  /** whether a step was answered */
  get hasBegun(): boolean {
    return this.#answered.some((count) => count > 0);
  }

  /** The number of the first step that the device must ask for and has not, from 0. */
  get missing(): number | undefined {
    const index = this.#steps.findIndex((step, at) => at >= this.#last && step.optional !== true && this.#answered[at] === 0);
    return index < 0 ? undefined : index;
  }

  /** The number of the step whose question the output ends with, from 0. If several match, the first one counts. */
  find(text: string): number | undefined {
    if (this.#steps.length === 0) return undefined;
    const lineStart = text.trimEnd().lastIndexOf('\n') + 1;
    const end = this.missing ?? this.#steps.length - 1;
    for (let at = this.#last; at <= end; at += 1) {
      const step = this.#steps[at];
      if (step && (this.#answered[at] ?? 0) < (step.times ?? 1) && endsIn(text, lineStart, step.expect)) return at;
    }
    return undefined;
  }

  /** Notes that a step is answered now. Earlier ones are over. */
  take(at: number): LoginStep | undefined {
    this.#last = at;
    this.#answered[at] = (this.#answered[at] ?? 0) + 1;
    return this.#steps[at];
  }

  /** Names a step in a message. */
  nameOf(at: number): string {
    const step = this.#steps[at];
    return `${step ? describePattern(step.expect) : ''} (step ${at + 1} of ${this.#steps.length} of login.steps)`;
  }
}

/** Whether a match ends after `lineStart`. */
function endsIn(text: string, lineStart: number, pattern: Pattern): boolean {
  for (const { 0: found, index } of text.matchAll(expressionOf(inBytes(pattern)))) {
    if (found !== '' && index + found.length > lineStart) return true;
  }
  return false;
}
