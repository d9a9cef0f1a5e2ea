// SPDX-License-Identifier: GPL-3.0-or-later

/** What became of a frame. */
export type FrameOutcome =
  | { readonly kind: 'same' }
  | { readonly kind: 'lost' }
  /** a frame that was sent later has arrived before it */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'repeated'; readonly times: number }
  | { readonly kind: 'changed'; readonly received: Buffer };

/**
 * Finds out what became of each frame. Pure.
 * @param sent - in order, all different
 * @param received - in order of arrival
 */
export function compareFrames(sent: readonly Buffer[], received: readonly Buffer[]): readonly FrameOutcome[] {
  const numbers = new Map(sent.map((frame, index) => [frame.toString('hex'), index]));
  const arrived = received.map((frame) => numbers.get(frame.toString('hex')));
  const changed = changedFrames(sent, received, arrived);
  return sent.map((_, index): FrameOutcome => {
    const place = arrived.indexOf(index);
    const other = changed.get(index);
    if (place < 0) return other ? { kind: 'changed', received: other } : { kind: 'lost' };
    const times = arrived.filter((number) => number === index).length;
    if (times > 1) return { kind: 'repeated', times };
    const isOvertaken = arrived.slice(0, place).some((number) => number !== undefined && number > index);
    return { kind: isOvertaken ? 'overtaken' : 'same' };
  });
}

/** An outcome for people. Pure. */
export function outcomeText(sent: Buffer, outcome: FrameOutcome): string {
  switch (outcome.kind) {
    case 'same':
      return 'unchanged';
    case 'lost':
      return 'lost';
    case 'overtaken':
      return 'overtaken by a later frame';
    case 'repeated':
      return `arrived ${outcome.times} times`;
    case 'changed':
      return `changed: ${differenceText(sent, outcome.received)}`;
  }
}

/** How many bytes are shown of each frame. */
const shownBytes = 8;

function differenceText(sent: Buffer, received: Buffer): string {
  const at = commonStart(sent, received);
  const bytes = (frame: Buffer): string => frame.toString('hex', at, at + shownBytes) || 'nothing';
  return `expected ${sent.length} bytes with ${bytes(sent)} from byte ${at} on, got ${received.length} bytes with ${bytes(received)}`;
}

/** Finds out which frame became each of those that are not like any that was sent. @param arrived - number of each that is, in order of arrival */
function changedFrames(
  sent: readonly Buffer[],
  received: readonly Buffer[],
  arrived: readonly (number | undefined)[],
): ReadonlyMap<number, Buffer> {
  const missing = new Set(sent.keys());
  for (const number of arrived) if (number !== undefined) missing.delete(number);
  const changed = new Map<number, Buffer>();
  for (const [place, frame] of received.entries()) {
    if (arrived[place] !== undefined) continue;
    const before = arrived.slice(0, place).findLast((number) => number !== undefined) ?? -1;
    const after = arrived.slice(place).find((number) => number !== undefined) ?? sent.length;
    const between = [...missing].filter((number) => number > before && number < after);
    const [likeliest] = (between.length > 0 ? between : [...missing])
      .map((number) => ({ number, common: commonStart(sent[number] ?? Buffer.alloc(0), frame) }))
      .toSorted((one, other) => other.common - one.common);
    if (!likeliest) continue;
    missing.delete(likeliest.number);
    changed.set(likeliest.number, frame);
  }
  return changed;
}

/** How many bytes two frames have in common at their start. */
function commonStart(one: Buffer, other: Buffer): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) if (one[at] !== other[at]) return at;
  return length;
}
