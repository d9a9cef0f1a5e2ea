// SPDX-License-Identifier: GPL-3.0-or-later
import { compareFrames, outcomeText, type FrameOutcome } from './compare.ts';
import type { FrameKind, WireFrame } from './frames.ts';
import { knownReason, type Place } from './known-reasons.ts';

/** An end of a link, as a report knows it. */
export interface ReportedEnd {
  readonly name: string;
  /** of a NIC; absent for a node */
  readonly model?: string | undefined;
}

/** A way that frames take through a link. */
export interface Path {
  readonly link: 'link' | 'cable' | 'segment';
  readonly from: ReportedEnd;
  readonly to: ReportedEnd;
  /** heads its column, together with the kind of link: `NIC to node` */
  readonly direction: string;
  /** whether the link joins nodes alone; absent for no */
  readonly isBetweenNodes?: boolean;
}

/** What was seen of the frames that took a path. */
export interface Observation {
  readonly path: Path;
  readonly sent: readonly WireFrame[];
  /** those of `sent` that the kernel of the sending node refused, by their place, with the reason */
  readonly refused: ReadonlyMap<number, string>;
  readonly received: readonly Buffer[];
  readonly captured: readonly Buffer[];
  /** the NIC that records the link, or a node on a link without one */
  readonly recorder: ReportedEnd;
}

/** What became of a frame on a path. */
export interface FrameReport {
  readonly kind: FrameKind;
  readonly name: string;
  /** `known`: it did not pass unchanged, for a reason that is no fault */
  readonly result: 'ok' | 'known' | 'failure';
  /** what was wrong, or the known reason; absent if it is `ok` */
  readonly text?: string;
}

/** What became of all frames on a path. */
export interface PathReport extends Path {
  readonly frames: readonly FrameReport[];
}

/** Judges what was seen. Pure. */
export function judge(observation: Observation): PathReport {
  const { path, sent, received, captured, recorder } = observation;
  const bytes = sent.map((frame) => frame.bytes);
  const [atEnd, inCapture] = [compareFrames(bytes, received), compareFrames(bytes, captured)];
  const frames = sent.map(({ kind, name, bytes: frame }, index): FrameReport => {
    const refusal = observation.refused.get(index);
    if (refusal !== undefined)
      return { kind, name, result: 'failure', text: `the kernel of ${path.from.name} does not send it: ${refusal}` };
    const problems = [
      { where: `at ${path.to.name}`, outcome: atEnd[index], nic: path.to },
      { where: 'in the capture', outcome: inCapture[index], nic: recorder },
    ].flatMap(({ where, outcome, nic }) =>
      problemOf(where, frame, outcome, { model: nic.model, isBetweenNodes: path.isBetweenNodes }),
    );
    if (problems.length === 0) return { kind, name, result: 'ok' };
    const failures = problems.filter(({ reason }) => reason === undefined);
    if (failures.length > 0) return { kind, name, result: 'failure', text: failures.map(({ text }) => text).join('; ') };
    return { kind, name, result: 'known', text: problems[0]?.reason ?? '' };
  });
  return { ...path, frames };
}

interface Problem {
  readonly text: string;
  readonly reason: string | undefined;
}

function problemOf(where: string, frame: Buffer, outcome: FrameOutcome | undefined, place: Place): readonly Problem[] {
  if (!outcome || outcome.kind === 'same') return [];
  return [{ text: `${where}: ${outcomeText(frame, outcome)}`, reason: knownReason(frame, outcome, place) }];
}

/** Whether a frame did not pass, for a reason that is not known. Pure. */
export function hasFailed(paths: readonly PathReport[]): boolean {
  return paths.some(({ frames }) => frames.some(({ result }) => result === 'failure'));
}
