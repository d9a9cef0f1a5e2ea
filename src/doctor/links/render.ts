// SPDX-License-Identifier: GPL-3.0-or-later
import { alignColumns } from '../../core/text.ts';
import { frameKinds, type FrameKind } from './frames.ts';
import type { FrameReport, PathReport } from './report.ts';

/** All paths whose results are in one column. */
interface Column {
  readonly heading: readonly [string, string];
  readonly paths: readonly PathReport[];
}

/** Formats what became of the frames: a matrix, and a line for each frame that did not pass unchanged. Pure. */
export function renderMatrix(paths: readonly PathReport[]): readonly string[] {
  const columns = columnsOf(paths);
  const kinds = frameKinds.filter((kind) => paths.some(({ frames }) => frames.some((frame) => frame.kind === kind)));
  const reasons = knownReasons(paths.flatMap(({ frames }) => frames));
  return [
    ...alignColumns([
      ['', ...columns.map(({ heading }) => heading[0])],
      ['', ...columns.map(({ heading }) => heading[1])],
      ...kinds.map((kind) => [kind, ...columns.map((column) => cell(column, kind, reasons))]),
    ]),
    ...reasons.map((reason, index) => `(${index + 1}) ${reason}: ${namesOf(paths, reason)}`),
    ...paths.flatMap(failureLines),
  ];
}

/** Each known reason once, in the order of the frames. */
function knownReasons(frames: readonly FrameReport[]): readonly string[] {
  return [...new Set(frames.flatMap(({ result, text }) => (result === 'known' && text !== undefined ? [text] : [])))];
}

function columnsOf(paths: readonly PathReport[]): readonly Column[] {
  const groups = Map.groupBy(paths, ({ link, direction }) => `${link}/${direction}`);
  return [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map(({ link, direction }) => ({ heading: [link, direction] as const, paths: group })),
  );
}

/** `ok`, the numbers of the reasons, or how many of the frames have failed. */
function cell({ paths }: Column, kind: FrameKind, reasons: readonly string[]): string {
  const frames = paths.flatMap((path) => path.frames.filter((frame) => frame.kind === kind));
  const failed = frames.filter(({ result }) => result === 'failure').length;
  if (failed > 0) return `FAIL ${failed}/${frames.length}`;
  const known = new Set(frames.flatMap(({ result, text }) => (result === 'known' ? [reasons.indexOf(text ?? '') + 1] : [])));
  return known.size === 0 ? 'ok' : [...known].map((number) => `(${number})`).join(' ');
}

function namesOf(paths: readonly PathReport[], reason: string): string {
  const frames = paths.flatMap((path) => path.frames.filter(({ text }) => text === reason));
  return [...new Set(frames.map(nameOf))].join(', ');
}

function failureLines({ link, from, to, frames }: PathReport): readonly string[] {
  return frames.flatMap((frame) =>
    frame.result === 'failure' ? [`FAIL ${link}, ${from.name} to ${to.name}, ${nameOf(frame)}: ${frame.text ?? ''}`] : [],
  );
}

function nameOf({ kind, name }: FrameReport): string {
  return name.includes(kind) ? name : `${kind}: ${name}`;
}
