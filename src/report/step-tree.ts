// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepEvent } from '../core/step.ts';
import type { StepReport } from './model.ts';
import { capText, escapeControls, firstLine, seconds } from './text.ts';

type OpenStep = {
  -readonly [K in keyof StepReport]: StepReport[K] extends readonly (infer E)[]
    ? K extends 'log'
      ? E[]
      : OpenStep[]
    : StepReport[K];
};

/** Most characters of log lines in the steps of one test. The rest is in events.ndjson. */
const maxLogLength = 65_536;
/** Most steps of one test in reports, and how deeply they may nest. They stay in memory until the run ends. */
const maxSteps = 2000;
const maxDepth = 50;
const maxTextLength = 16_384;

/** The first or the last event of a step. */
type StepOf = Exclude<StepEvent, { readonly kind: 'log' }>;

/**
 * Builds the tree of steps from the events of one test. A step whose first event is missing is built from its last one; one
 * whose parent is unknown becomes an outermost step.
 */
export function stepTree(events: Iterable<StepEvent>): readonly StepReport[] {
  const tree = new StepTree();
  for (const event of events) tree.add(event);
  return tree.steps();
}

class StepTree {
  readonly #outermost: OpenStep[] = [];
  readonly #byId = new Map<string, { readonly step: OpenStep; readonly depth: number }>();
  readonly #leftOut = new Set<string>();
  /** lines that belong to the test, but to no step */
  readonly #log: string[] = [];
  #firstMs: number | undefined;
  #logLength = 0;

  add(event: StepEvent): void {
    this.#firstMs ??= event.timeMs;
    if (event.kind === 'begin') this.#begin(event, event.timeMs);
    else if (event.kind === 'end') this.#end(event);
    else this.#addLine(event);
  }

  steps(): readonly StepReport[] {
    const leftOut = this.#leftOut.size;
    if (leftOut > 0) this.#log.push(`… ${leftOut} further steps are in events.ndjson`);
    if (this.#log.length === 0) return this.#outermost;
    const log = { category: 'step', title: 'Log', source: '', timeMs: this.#firstMs ?? 0, log: this.#log, children: [] } as const;
    return [log, ...this.#outermost];
  }

  #begin({ id, parentId, source, category, title }: StepOf, timeMs: number): OpenStep | undefined {
    const parent = parentId === undefined ? undefined : this.#byId.get(parentId);
    const depth = (parent?.depth ?? 0) + 1;
    if (this.#byId.has(id)) return undefined; // not written by alpy
    if (this.#byId.size >= maxSteps || depth > maxDepth || (parentId !== undefined && this.#leftOut.has(parentId))) {
      this.#leftOut.add(id);
      return undefined;
    }
    const step = { source, category, title: capText(title, maxTextLength), timeMs, log: [], children: [] };
    (parent?.step.children ?? this.#outermost).push(step);
    this.#byId.set(id, { step, depth });
    return step;
  }

  #end(event: StepOf & { readonly kind: 'end' }): void {
    if (this.#leftOut.has(event.id)) return;
    const step = this.#byId.get(event.id)?.step ?? this.#begin(event, event.timeMs - event.durationMs);
    if (!step) return;
    step.durationMs = event.durationMs;
    if (event.error !== undefined) step.error = capText(event.error, maxTextLength);
  }

  #addLine({ stepId, text }: StepEvent & { readonly kind: 'log' }): void {
    if (this.#logLength > maxLogLength || (stepId !== undefined && this.#leftOut.has(stepId))) return;
    this.#logLength += Math.max(1, text.length);
    const log = (stepId === undefined ? undefined : this.#byId.get(stepId)?.step.log) ?? this.#log;
    log.push(this.#logLength <= maxLogLength ? text : '… further lines are in events.ndjson');
  }
}

/** Formats steps as indented lines, for plain-text reports. */
export function stepLines(steps: readonly StepReport[], indent = ''): readonly string[] {
  return steps.flatMap(({ title, durationMs, error, log, children }) => [
    `${indent}${escapeControls(title)}... ${endText(durationMs, error)}`,
    ...log.map((line) => `${indent}  | ${escapeControls(line)}`),
    ...stepLines(children, `${indent}  `),
  ]);
}

/** The text after `Start QEMU...` when the step has ended: `done (0.41 s)` or `failed: message`. */
export function endText(durationMs: number | undefined, error: string | undefined): string {
  if (error !== undefined) return `failed: ${escapeControls(firstLine(error))}`;
  return durationMs === undefined ? 'not ended' : `done (${seconds(durationMs)})`;
}
