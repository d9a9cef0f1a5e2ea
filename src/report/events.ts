// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepEvent, StepSink } from '../core/step.ts';
import { endText } from './step-tree.ts';
import { escapeControls } from './text.ts';

/** A sink that hands every event to each of `sinks`, in their order. */
export function composeSinks(...sinks: readonly StepSink[]): StepSink {
  return (event) => {
    for (const sink of sinks) sink(event);
  };
}

/**
 * One line per event: `INFO alpy.qemu Start QEMU...`, `INFO alpy.qemu Start QEMU... done (0.41 s)`. Steps inside others
 * show the whole way (`Boot > Start QEMU...`), not an indentation, since lines of parallel steps mix.
 */
export function eventLine(event: StepEvent): string {
  const path = event.path.map(escapeControls).join(' > ');
  const head = `INFO ${escapeControls(event.source)} `;
  if (event.kind === 'begin') return `${head}${path}...`;
  if (event.kind === 'end') return `${head}${path}... ${endText(event.durationMs, event.error)}`;
  return `${head}${path === '' ? '' : `${path}: `}${escapeControls(event.text)}`;
}

/** One JSON object per event, as a line of `events.ndjson`. */
export function eventJson(event: StepEvent): string {
  return JSON.stringify(event);
}
