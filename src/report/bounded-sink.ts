// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepEvent, StepSink } from '../core/step.ts';
import { capText } from './text.ts';

/** Limits of the log of one test, in characters except for `steps`. */
export interface LogLimits {
  /** lines of one source in one step */
  readonly step: number;
  /** all lines of the test */
  readonly test: number;
  readonly line: number;
  readonly title: number;
  /** number of steps */
  readonly steps: number;
}

const defaultLimits: LogLimits = { step: 1024 ** 2, test: 4 * 1024 ** 2, line: 16_384, title: 500, steps: 10_000 };

/** What one source logged in one step. */
interface Use {
  length: number;
  /** lines that were left out */
  lines: number;
  /** characters in those lines */
  characters: number;
}

/** Stands for the lines that belong to no step, where ids of steps are keys. */
const noStep = '';

/**
 * Passes on the events of one test until there are too many: a program that prints endlessly costs the test the rest of its
 * log, but costs other tests nothing. The log says where lines are left out, and how many, at the end of their step or of the test.
 */
export class BoundedSink implements Disposable {
  readonly #sink: StepSink;
  readonly #limits: LogLimits;
  /** by id of the step, then by source */
  readonly #uses = new Map<string, Map<string, Use>>();
  /** ids of the open steps that were passed on */
  readonly #open = new Set<string>();
  #length = 0;
  #steps = 0;
  #leftOutSteps = 0;

  constructor(sink: StepSink, limits: LogLimits = defaultLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Receives the events of the test. Bound, so that it can be passed as a function. */
  readonly sink = (event: StepEvent): void => {
    if (event.kind === 'log') this.#log(event);
    else if (event.kind === 'begin') this.#begin({ ...event, title: this.#shortTitle(event.title) });
    else this.#end({ ...event, title: this.#shortTitle(event.title) });
  };

  /** Reports what was left out outside of steps, and in steps that have not ended. */
  [Symbol.dispose](): void {
    for (const [id] of this.#uses) this.#summarize(id);
    const left = this.#leftOutSteps;
    this.#leftOutSteps = 0;
    if (left > 0) this.#logNote(noStep, 'alpy.runner', `${left} further steps and their lines were left out`);
  }

  #log(event: StepEvent & { readonly kind: 'log' }): void {
    const id = event.stepId ?? noStep;
    if (this.#isLeftOut(id)) return;
    const use = this.#useOf(id, event.source);
    const text = capText(event.text, this.#limits.line);
    const fits =
      use.lines === 0 && use.length + text.length <= this.#limits.step && this.#length + text.length <= this.#limits.test;
    if (fits) {
      use.length += text.length + 1;
      this.#length += text.length + 1;
      this.#sink({ ...event, text });
      return;
    }
    if (use.lines === 0) this.#sink({ ...event, text: '… too much for the log: further lines are left out' });
    use.lines += 1;
    use.characters += event.text.length;
  }

  #begin(event: StepEvent & { readonly kind: 'begin' }): void {
    this.#steps += 1;
    if (this.#steps > this.#limits.steps) {
      this.#leftOutSteps += 1;
      return;
    }
    this.#open.add(event.id);
    this.#sink(event);
  }

  #end(event: StepEvent & { readonly kind: 'end' }): void {
    if (this.#isLeftOut(event.id)) return;
    this.#open.delete(event.id);
    this.#summarize(event.id);
    this.#sink(event.error === undefined ? event : { ...event, error: capText(event.error, this.#limits.line) });
  }

  /** Once there are too many steps, exactly the open ones are still logged. */
  #isLeftOut(id: string): boolean {
    return this.#leftOutSteps > 0 && id !== noStep && !this.#open.has(id);
  }

  #shortTitle(title: string): string {
    return title.length <= this.#limits.title ? title : capText(title, this.#limits.title).replaceAll('\n', ' ');
  }

  #summarize(id: string): void {
    for (const [source, { lines, characters }] of this.#uses.get(id) ?? []) {
      if (lines > 0) this.#logNote(id, source, `… ${lines} lines (${characters} characters) were left out`);
    }
    this.#uses.delete(id);
  }

  #logNote(id: string, source: string, text: string): void {
    this.#sink({ kind: 'log', ...(id === noStep ? {} : { stepId: id }), source, timeMs: Date.now(), text });
  }

  #useOf(id: string, source: string): Use {
    const ofStep = this.#uses.get(id) ?? new Map<string, Use>();
    const use = ofStep.get(source) ?? { length: 0, lines: 0, characters: 0 };
    this.#uses.set(id, ofStep.set(source, use));
    return use;
  }
}
