// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepEvent, StepSink } from '../core/step.ts';
import { capText } from './text.ts';

/** What the log of one test may hold, in characters but for the steps. */
export interface LogLimits {
  /** lines of one source in one step */
  readonly step: number;
  /** lines in all */
  readonly test: number;
  readonly line: number;
  readonly title: number;
  /** how many steps */
  readonly steps: number;
}

const usualLimits: LogLimits = { step: 1024 ** 2, test: 4 * 1024 ** 2, line: 16_384, title: 500, steps: 10_000 };

/** What one source has logged in one step. */
interface Use {
  length: number;
  /** what was left out */
  lines: number;
  characters: number;
}

/**
 * Hands on the events of one test as long as they are not too many: a program that prints without end costs the test the rest of
 * its log, but no other test anything. What is left out is said in its place, and how much it was at the end of its step, or of all.
 */
export class BoundedSink implements Disposable {
  readonly #sink: StepSink;
  readonly #limits: LogLimits;
  readonly #uses = new Map<string, Map<string, Use>>();
  /** how many steps of a path are open that were handed on */
  readonly #open = new Map<string, number>();
  #length = 0;
  #steps = 0;
  #leftOutSteps = 0;

  constructor(sink: StepSink, limits: LogLimits = usualLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Takes the events of the test. Bound: pass it on as it is. */
  readonly sink = (event: StepEvent): void => {
    const path = event.path.map((title) => this.#title(title));
    const key = path.join('\0');
    if (event.kind === 'log') this.#log({ ...event, path }, key);
    else if (event.kind === 'begin') this.#begin({ ...event, path }, key);
    else this.#end({ ...event, path }, key);
  };

  /** Says what was left out outside of steps, and of steps that have not ended. */
  [Symbol.dispose](): void {
    for (const [key] of this.#uses) this.#summarize(key);
    const left = this.#leftOutSteps;
    this.#leftOutSteps = 0;
    if (left > 0) this.#say([], 'alpy.runner', `${left} further steps are not logged, and nothing of what was logged in them`);
  }

  #log(event: StepEvent & { readonly kind: 'log' }, key: string): void {
    if (this.#isLeftOut(key)) return;
    const use = this.#useOf(key, event.source);
    const text = capText(event.text, this.#limits.line);
    const fits =
      use.lines === 0 && use.length + text.length <= this.#limits.step && this.#length + text.length <= this.#limits.test;
    if (fits) {
      use.length += text.length + 1;
      this.#length += text.length + 1;
      this.#sink({ ...event, text });
      return;
    }
    if (use.lines === 0) this.#sink({ ...event, text: '… this is too much for the log, further lines are left out' });
    use.lines += 1;
    use.characters += event.text.length;
  }

  #begin(event: StepEvent, key: string): void {
    this.#steps += 1;
    if (this.#steps > this.#limits.steps) {
      this.#leftOutSteps += 1;
      return;
    }
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
    this.#sink(event);
  }

  #end(event: StepEvent & { readonly kind: 'end' }, key: string): void {
    if (this.#isLeftOut(key)) return;
    const open = (this.#open.get(key) ?? 1) - 1;
    if (open > 0) this.#open.set(key, open);
    else {
      this.#open.delete(key);
      this.#summarize(key);
    }
    this.#sink(event.error === undefined ? event : { ...event, error: capText(event.error, this.#limits.line) });
  }

  /** Once there are too many steps, those that are not open are the ones left out. */
  #isLeftOut(key: string): boolean {
    return this.#leftOutSteps > 0 && key !== '' && !this.#open.has(key);
  }

  #title(title: string): string {
    return title.length <= this.#limits.title ? title : capText(title, this.#limits.title).replaceAll('\n', ' ');
  }

  #summarize(key: string): void {
    for (const [source, { lines, characters }] of this.#uses.get(key) ?? []) {
      if (lines > 0)
        this.#say(key === '' ? [] : key.split('\0'), source, `… ${lines} lines (${characters} characters) were left out`);
    }
    this.#uses.delete(key);
  }

  #say(path: readonly string[], source: string, text: string): void {
    this.#sink({ kind: 'log', path, source, timeMs: Date.now(), text });
  }

  #useOf(key: string, source: string): Use {
    const ofStep = this.#uses.get(key) ?? new Map<string, Use>();
    const use = ofStep.get(source) ?? { length: 0, lines: 0, characters: 0 };
    this.#uses.set(key, ofStep.set(source, use));
    return use;
  }
}
