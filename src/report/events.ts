// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepEvent, StepSink } from '../core/step.ts';
import { endText } from './step-tree.ts';
import { escapeControls } from './text.ts';

/** Returns a sink that passes every event to each of `sinks`, in their order. */
export function composeSinks(...sinks: readonly StepSink[]): StepSink {
  return (event) => {
    for (const sink of sinks) sink(event);
  };
}

/** Follows a stream of events and knows which steps are open, so that text output can show where an event happened. */
export class OpenSteps {
  readonly #paths = new Map<string, readonly string[]>();

  /**
   * Takes the next event of the stream.
   * @returns titles of the event's step and of those that enclose it, outermost first; empty for a line outside of open steps
   */
  follow(event: StepEvent): readonly string[] {
    if (event.kind === 'log') return this.#pathOf(event.stepId);
    const path = [...this.#pathOf(event.parentId), event.title];
    if (event.kind === 'begin') this.#paths.set(event.id, path);
    else this.#paths.delete(event.id);
    return path;
  }

  #pathOf(id: string | undefined): readonly string[] {
    return (id === undefined ? undefined : this.#paths.get(id)) ?? [];
  }
}

/**
 * Formats an event as one line: `INFO alpy.qemu Start QEMU...`, `INFO alpy.qemu Start QEMU... done (0.41 s)`. A nested step
 * shows its whole path (`Boot > Start QEMU...`) instead of an indentation, because the lines of parallel steps mix.
 * @param path - from {@link OpenSteps.follow}
 */
export function eventLine(event: StepEvent, path: readonly string[]): string {
  const place = path.map(escapeControls).join(' > ');
  const head = `INFO ${escapeControls(event.source)} `;
  if (event.kind === 'begin') return `${head}${place}...`;
  if (event.kind === 'end') return `${head}${place}... ${endText(event.durationMs, event.error)}`;
  return `${head}${place === '' ? '' : `${place}: `}${escapeControls(event.text)}`;
}
