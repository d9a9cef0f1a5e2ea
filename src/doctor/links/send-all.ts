// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import type { Link, LinkEnd, Testbed } from '../../testbed/index.ts';
import { framesUntil, type FrameEnd } from './frame-end.ts';
import { isFrom, wireFrames, type WireFrame } from './frames.ts';
import { attach } from './testbed.ts';

/** An end of a link that sends and keeps frames. */
interface AttachedEnd {
  readonly end: LinkEnd;
  readonly frames: FrameEnd;
}

/** What an end of a link sent, and what the others got. */
export interface Sending {
  readonly link: Link;
  readonly from: LinkEnd;
  readonly sent: readonly WireFrame[];
  /** the source address of its frames, in hexadecimal digits */
  readonly source: string;
  readonly refused: ReadonlyMap<number, string>;
  /** what each of the other ends got of these frames */
  readonly others: readonly { readonly to: LinkEnd; readonly received: readonly Buffer[] }[];
  /** how many frames came back to the sender */
  readonly returned: number;
}

/** How long an answer of QEMU or a container may take, and how long a frame may be under way, in `ms`. */
const [answerMs, arrivalMs] = [60_000, 20_000];

/**
 * Sends all frames from each end of each link, and waits until the last one has arrived everywhere or its time is over.
 * @param onSending - called before each sending
 */
export async function sendAll(
  testbed: Testbed,
  onSending: (link: Link, from: LinkEnd) => void,
  signal: AbortSignal,
): Promise<readonly Sending[]> {
  const wait = { timeoutMs: answerMs, signal };
  const sendings: Sending[] = [];
  for (const link of testbed.links) {
    const ends = await Promise.all(link.ends.map(async (end) => ({ end, frames: await attach(testbed, end, wait) })));
    for (const from of ends) {
      onSending(link, from.end);
      const others = ends.filter((end) => end !== from);
      sendings.push(await sendFrom(link, from, others, sourceOf(sendings.length), wait));
    }
  }
  return sendings;
}

/** A source address of its own for each sending, in hexadecimal digits. No device of the testbed has it. */
function sourceOf(number: number): string {
  return `52540000f0${number.toString(16).padStart(2, '0')}`;
}

async function sendFrom(
  link: Link,
  { end: from, frames }: AttachedEnd,
  others: readonly AttachedEnd[],
  source: string,
  wait: Wait,
): Promise<Sending> {
  const sent = wireFrames(source);
  const bytes = sent.map((frame) => frame.bytes);
  const refused = await frames.send(bytes, wait);
  const endMs = performance.now() + arrivalMs;
  const received: Sending['others'][number][] = [];
  for (const other of others) {
    const restMs = endMs - performance.now();
    received.push({ to: other.end, received: await framesUntil(bytes, other.frames, source, restMs, wait) });
  }
  const own = (await frames.received(wait)).filter((frame) => isFrom(source, frame));
  return {
    link,
    from,
    sent,
    source,
    refused: new Map(refused.map(({ index, reason }) => [index, reason])),
    others: received,
    returned: Math.max(0, own.length - (frames.keepsSent ? sent.length : 0)),
  };
}
