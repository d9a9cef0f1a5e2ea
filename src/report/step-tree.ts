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

/** Characters of log lines that the steps of one test may hold; the rest is in events.ndjson. */
const maxLogLength = 65_536;
/** How many steps one test may have in reports, and how deep: all of them are in memory until the run ends. */
const maxSteps = 2000;
const maxDepth = 50;
const maxTextLength = 16_384;

/**
 * The steps that a stream of events tells of. Events carry titles, not identities: of parallel steps with the same
 * path the first that is still open is taken to be the one that ends, or that goes on inside.
 */
export function stepTree(events: Iterable<StepEvent>): readonly StepReport[] {
  const root = openStep({ path: [], source: '', timeMs: 0 });
  let [logLength, steps] = [0, 0];
  let firstMs: number | undefined;
  for (const event of events) {
    firstMs ??= event.timeMs;
    if (event.path.length > maxDepth) continue;
    if (event.kind === 'begin') steps += 1;
    if (event.kind === 'begin' && steps > maxSteps) continue;
    const parent = descend(root, event.kind === 'log' ? event.path : event.path.slice(0, -1));
    if (event.kind === 'begin') parent.children.push(openStep(event));
    else if (event.kind === 'end') {
      const known = childOf(parent, event.path.at(-1));
      if (!known && steps >= maxSteps) continue; // its begin was left out
      const ended = known ?? openStep({ ...event, timeMs: event.timeMs - event.durationMs });
      if (!known) {
        steps += 1;
        parent.children.push(ended); // its begin was lost
      }
      ended.durationMs = event.durationMs;
      if (event.error !== undefined) ended.error = capText(event.error, maxTextLength);
    } else if (logLength <= maxLogLength) {
      logLength += Math.max(1, event.text.length);
      parent.log.push(logLength <= maxLogLength ? event.text : '… further lines are in events.ndjson');
    }
  }
  if (steps > maxSteps) root.log.push(`… ${steps - maxSteps} further steps are in events.ndjson`);
  // what was logged outside any step still belongs to the test
  return root.log.length > 0
    ? [{ ...openStep({ path: ['Log'], source: '', timeMs: firstMs ?? 0 }), log: root.log }, ...root.children]
    : root.children;
}

function openStep({ path, source, timeMs }: Pick<StepEvent, 'path' | 'source' | 'timeMs'>): OpenStep {
  return { source, title: capText(path.at(-1) ?? '', maxTextLength), timeMs, log: [], children: [] };
}

function childOf(parent: OpenStep, title: string | undefined): OpenStep | undefined {
  const capped = title === undefined ? undefined : capText(title, maxTextLength);
  return parent.children.find((child) => child.title === capped && child.durationMs === undefined);
}

function descend(root: OpenStep, path: readonly string[]): OpenStep {
  return path.reduce((step, title) => childOf(step, title) ?? step, root);
}

/** The steps as indented lines, for reports that are plain text. */
export function stepLines(steps: readonly StepReport[], indent = ''): readonly string[] {
  return steps.flatMap(({ title, durationMs, error, log, children }) => [
    `${indent}${escapeControls(title)}... ${endText(durationMs, error)}`,
    ...log.map((line) => `${indent}  | ${escapeControls(line)}`),
    ...stepLines(children, `${indent}  `),
  ]);
}

/** What follows `Start QEMU...` when the step has ended: `done (0.41 s)`, `failed: message`. */
export function endText(durationMs: number | undefined, error: string | undefined): string {
  if (error !== undefined) return `failed: ${escapeControls(firstLine(error))}`;
  return durationMs === undefined ? 'not ended' : `done (${seconds(durationMs)})`;
}
