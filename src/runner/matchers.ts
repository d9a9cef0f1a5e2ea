// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as pause } from 'node:timers/promises';
import { durationText } from '../core/text.ts';
import { FrameTimeoutError, type Frame } from '../capture/index.ts';
import { ExecError } from '../docker/index.ts';
import type { Node } from '../network/index.ts';
import { stoppedCapture, type Link } from '../testbed/index.ts';
import { toBeWithoutLoss, toHaveLostAtMost, toRecoverWithin } from './flow-matchers.ts';
import type { MatcherResult } from './matcher-result.ts';
import { matcherCheck, receivedCheck, type MatcherOptions, type RecoveryOptions, type SeenOptions } from './test-options.ts';

const defaultTimeoutMs = 10_000;
/** between two attempts to reach an address: the interval between two echo requests, too */
const pauseMs = 200;

/** Matchers that alpy adds to `expect`. All of them wait. */
export const matchers = { toReach, toHaveSeen, toRecoverWithin, toBeWithoutLoss, toHaveLostAtMost };

/** A node gets an answer to an echo request from an address. */
async function toReach(
  this: { readonly isNot?: boolean },
  received: Node,
  target: string,
  options: MatcherOptions = {},
): Promise<MatcherResult> {
  receivedCheck.toReach([received]);
  matcherCheck.toReach([...arguments].slice(1));
  const { sent, answered, reason } = await tryToReach(received, target, options, this.isNot === true);
  return {
    pass: answered > 0,
    message: () =>
      answered > 0
        ? `expected ${received.name} not to reach ${target}, but ${answered} of ${sent} echo requests were answered`
        : `expected ${received.name} to reach ${target}, but ${reason ?? `none of ${sent} echo requests was answered`}`,
    meta: { hasMissedDeadline: answered === 0 && reason === undefined },
  };
}

/**
 * A missing route is an answer, not a failure. ping ends early if a router reports that it has no route yet, or if a neighbour does
 * not answer for three seconds: then the time that is left is used for more attempts.
 * @param once - whether such an end is enough
 */
async function tryToReach(
  node: Node,
  target: string,
  options: MatcherOptions,
  once: boolean,
): Promise<{ readonly sent: number; readonly answered: number; readonly reason?: string }> {
  try {
    const end = performance.now() + (options.timeoutMs ?? defaultTimeoutMs);
    let { sent, received } = await node.ping(target, options);
    for (let restMs = end - performance.now(); received === 0 && !once && restMs > pauseMs; restMs = end - performance.now()) {
      await pause(pauseMs);
      const next = await node.ping(target, { ...options, timeoutMs: restMs });
      sent += next.sent;
      received += next.received;
    }
    return { sent, answered: received };
  } catch (error) {
    const reason =
      error instanceof ExecError ? /[^:\n]*(?:unreachable|No route to host)/i.exec(error.stderr)?.[0].trim() : undefined;
    if (reason === undefined) throw error;
    return { sent: 0, answered: 0, reason: `ping said: ${reason}` };
  }
}

/** A frame that passes a display filter has crossed a link; negated, none has so far. */
async function toHaveSeen(
  this: { readonly isNot?: boolean },
  received: Link,
  filter: string,
  options: SeenOptions = {},
): Promise<MatcherResult> {
  receivedCheck.toHaveSeen([received]);
  const check = this.isNot === true ? matcherCheck.notToHaveSeen : matcherCheck.toHaveSeen;
  check([...arguments].slice(1));
  const { capture, name } = received;
  if (this.isNot === true) {
    const [frame, ...more] = await capture.frames(filter, options);
    if (frame === undefined) return { pass: false, message: () => '' };
    const seen = `${more.length === 0 ? 'one did' : `${more.length + 1} did`}: ${frameLine(frame)}`;
    const details =
      more.length === 0 ? [] : [{ title: 'More frames that pass', lines: more.slice(0, shownFrames).map(frameLine) }];
    return {
      pass: true,
      message: () => `expected no frame on ${name} to pass "${filter}", but ${seen}`,
      meta: { hasMissedDeadline: false, details },
    };
  }
  try {
    await capture.waitFor(filter, options);
    return { pass: true, message: () => '' };
  } catch (error) {
    if (!(error instanceof FrameTimeoutError)) throw error;
    const { looked, details, timeoutMs } = error;
    const waited = durationText(timeoutMs);
    const stopped = await stoppedCapture(received);
    const remark = stopped === undefined ? '' : `. ${stopped}`;
    return {
      pass: false,
      message: () => `expected a frame on ${name} to pass "${filter}" within ${waited}, but none of ${looked} did${remark}`,
      meta: { hasMissedDeadline: true, details },
    };
  }
}

/** How many frames a failed assertion shows. */
const shownFrames = 5;

function frameLine({ number, protocol, info }: Frame): string {
  return `frame ${number}: ${protocol} ${info}`;
}

/** What alpy adds to `expect(…)`. Always await these. */
export interface AlpyMatchers {
  /** A node gets an answer to an echo request from an address, within 10 s unless `timeoutMs` says otherwise. */
  toReach: (target: string, options?: MatcherOptions) => Promise<void>;
  /**
   * A frame that passes a display filter of Wireshark has crossed a link, or does so within 10 s. Negated: none has so far,
   * and none is waited for.
   */
  toHaveSeen: (filter: string, options?: SeenOptions) => Promise<void>;
  /**
   * An outage of a flow lasts no longer than `300ms` or `2s`. Waits until the outage is over, at most 10 s longer than it may
   * last. Counts outages since the flow began or since the last call, and those that begin during the wait. Fails if there is no
   * outage, unless `mayBeUnbroken` is true: then it watches the flow for as long as an outage may last.
   */
  toRecoverWithin: (duration: string, options?: RecoveryOptions) => Promise<void>;
  /** Every datagram of a flow that was sent until now arrives. */
  toBeWithoutLoss: () => Promise<void>;
  /** At most so many of the datagrams of a flow that were sent until now are lost: a number, or a share such as `1%`. */
  toHaveLostAtMost: (limit: number | string) => Promise<void>;
}

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- Vitest requires this way to extend its interface
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends AlpyMatchers {}
}
