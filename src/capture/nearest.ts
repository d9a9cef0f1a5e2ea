// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorDetail } from '../core/errors.ts';
import { oneLine } from '../core/text.ts';
import { filterParts, type FilterPart } from './filter-parts.ts';
import type { Frame } from './frame.ts';

/** How many different frames to show. */
const shownFrames = 3;
/** How many different frames are remembered while the capture is read. */
const mostGroups = 1000;

const [time, from, to] = ['frame.time_relative', '_ws.col.def_src', '_ws.col.def_dst'];

/** Frames that differ from a filter in the same way. */
interface Group {
  /** the last of them */
  readonly frame: Frame;
  readonly count: number;
  readonly score: number;
  readonly differences: readonly string[];
}

/**
 * Finds the frames that are nearest to a filter which no frame passes: those that pass most of its parts, and have the fields that
 * the others compare. Frames that differ in the same way count as one.
 */
export class NearestFrames {
  readonly #parts: readonly FilterPart[];
  #looked = 0;
  readonly #groups = new Map<string, Group>();

  /** @param filter - a display filter that Wireshark understands */
  constructor(filter: string) {
    this.#parts = filterParts(filter);
  }

  /**
   * What has to be decoded of each frame that is passed to {@link NearestFrames.add}: expressions as tshark 4.4 takes them for fields.
   * Their values are empty if a frame does not pass a part, or has no such field.
   */
  get fields(): readonly string[] {
    const ofParts = this.#parts.flatMap(({ text, field }) => (field === undefined ? [text] : [text, field]));
    return [...new Set([time, from, to, ...ofParts])];
  }

  /** how many frames were added */
  get looked(): number {
    return this.#looked;
  }

  /** Adds a frame of the capture. */
  add(frame: Frame): void {
    this.#looked += 1;
    const passes = ({ text }: FilterPart): boolean => (frame.fields[text] ?? '') !== '';
    const has = ({ field }: FilterPart): boolean => field !== undefined && (frame.fields[field] ?? '') !== '';
    const score = this.#parts.reduce((sum, part) => sum + (passes(part) ? 2 : has(part) ? 1 : 0), 0);
    const differences = this.#parts.filter((part) => !passes(part)).map((part) => difference(part, frame));
    const key = differences.join('\n');
    const { count } = this.#groups.get(key) ?? { count: 0 };
    this.#groups.delete(key); // the latest is the last of the map
    this.#groups.set(key, { frame, count: count + 1, score, differences });
    if (this.#groups.size > mostGroups) this.#forgetFarthest();
  }

  /**
   * The nearest frames and how they differ, as a detail of an error. Empty if there are no frames.
   * @param of - end of the title, if not all frames were added
   */
  details(of = ''): readonly ErrorDetail[] {
    const nearest = [...this.#groups.values()].reverse().sort((a, b) => b.score - a.score);
    if (nearest.length === 0) return [];
    const isNear = (nearest[0]?.score ?? 0) > 0;
    const shown = nearest.slice(0, shownFrames).filter(({ score }) => !isNear || score > 0);
    const title = isNear ? 'Nearest frames, and what differs' : 'Last frames, which have nothing in common with the filter';
    return [{ title: `${title}${of}`, lines: shown.flatMap(linesOf) }];
  }

  #forgetFarthest(): void {
    const [first = ['', { score: Infinity }] as const, ...others] = this.#groups.entries();
    let farthest: readonly [string, Pick<Group, 'score'>] = first;
    for (const entry of others) if (entry[1].score < farthest[1].score) farthest = entry;
    this.#groups.delete(farthest[0]);
  }
}

function difference({ text, field }: FilterPart, { fields }: Frame): string {
  if (field === undefined) return `${oneLine(text)} is false`;
  const value = fields[field] ?? '';
  return value === '' ? `there is no ${field}` : `${field} was ${oneLine(value)}`;
}

function linesOf({ frame, count, differences }: Group): readonly string[] {
  const { number, protocol, info, fields } = frame;
  const addresses = fields[from] === '' ? '' : ` ${fields[from] ?? ''} → ${fields[to] ?? ''}`;
  const others = count === 1 ? '' : ` and ${count - 1} before that differ${count === 2 ? 's' : ''} in the same way`;
  const why = differences.length === 0 ? 'it passes, but came too late' : differences.join(', ');
  return [
    `frame ${number}${others}, ${Number(fields[time] ?? 0).toFixed(3)} s: ${protocol}${addresses} ${oneLine(info)}`,
    `  ${why}`,
  ];
}
