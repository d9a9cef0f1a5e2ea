// SPDX-License-Identifier: GPL-3.0-or-later
import { durationText } from '../core/text.ts';
import { ProbeError, type Flow } from '../network/index.ts';
import type { MatcherResult } from './matcher-result.ts';
import { matcherCheck, receivedCheck, type RecoveryOptions } from './test-options.ts';

/** How long `toRecoverWithin` waits longer than the outage may last, in `ms`. */
const patienceMs = 10_000;

/** An outage ends in time. */
export async function toRecoverWithin(received: Flow, duration: string, options: RecoveryOptions = {}): Promise<MatcherResult> {
  receivedCheck.toRecoverWithin([received]);
  matcherCheck.toRecoverWithin([...arguments].slice(1));
  const withinMs = Number.parseFloat(duration) * (duration.endsWith('ms') ? 1 : 1000);
  const { mayBeUnbroken = false, timeoutMs = withinMs + patienceMs } = options;
  const { outage, isOver } = await received.recovery(withinMs, { mayBeUnbroken, timeoutMs });
  const expected = `expected ${received.name} to recover within ${duration}`;
  if (!outage) {
    const advice = 'Did what the test does reach the flow? If it may go on without an outage, pass { mayBeUnbroken: true }';
    return {
      pass: mayBeUnbroken,
      message: () =>
        mayBeUnbroken
          ? `expected ${received.name} not to recover within ${duration}, but there was no outage`
          : `${expected}, but no outage began within ${durationText(timeoutMs)}. ${advice}`,
      meta: { hasMissedDeadline: !mayBeUnbroken },
    };
  }
  const { lengthMs, datagrams } = outage;
  const pass = isOver && lengthMs <= withinMs;
  const lost = `${datagrams} datagram${datagrams === 1 ? '' : 's'} lost`;
  const found = isOver
    ? `the outage lasted ${durationText(lengthMs)} (${lost})`
    : `the flow has been down for ${durationText(lengthMs)} (${lost}) and is still down`;
  return {
    pass,
    message: () =>
      pass ? `expected ${received.name} not to recover within ${duration}, but ${found}` : `${expected}, but ${found}`,
    meta: { hasMissedDeadline: !pass },
  };
}

/** Every datagram that was sent until now arrives. */
export async function toBeWithoutLoss(this: { readonly isNot?: boolean }, received: Flow): Promise<MatcherResult> {
  receivedCheck.toBeWithoutLoss([received]);
  matcherCheck.toBeWithoutLoss([...arguments].slice(1));
  return lossResult(received, { most: () => 0, what: 'be without loss', isNot: this.isNot === true });
}

/** Not more than a number or a share of the datagrams that were sent until now are lost. */
export async function toHaveLostAtMost(
  this: { readonly isNot?: boolean },
  received: Flow,
  limit: number | string,
): Promise<MatcherResult> {
  receivedCheck.toHaveLostAtMost([received]);
  matcherCheck.toHaveLostAtMost([...arguments].slice(1));
  const most = (sent: number): number => (typeof limit === 'number' ? limit : (Number.parseFloat(limit) / 100) * sent);
  return lossResult(received, { most, what: `have lost at most ${limit}`, isNot: this.isNot === true });
}

/** What a flow should be like. */
interface LossDemand {
  /** how many of so many datagrams may be lost */
  readonly most: (sent: number) => number;
  /** as messages show it, after `to` */
  readonly what: string;
  readonly isNot: boolean;
}

/** @throws ProbeError if too many are lost, but the device has not lost them */
async function lossResult(flow: Flow, { most, what, isNot }: LossDemand): Promise<MatcherResult> {
  const { lost, sent, gaps, refused, dropped } = await flow.report();
  const limit = most(sent);
  const pass = lost <= limit;
  const percent = Number(((100 * lost) / sent).toPrecision(2));
  const found = `${lost} of ${sent} datagrams were lost (${percent} %)`;
  const reasons = [
    ...(refused > 0 ? [`the sending node's kernel refused ${refused} of them: check its routes`] : []),
    ...(dropped > 0 ? [`this machine was too slow to receive ${dropped} of them`] : []),
  ];
  const why = reasons.map((reason) => `; ${reason}`).join('');
  const others = Math.max(0, lost - refused - dropped);
  if (!pass && !isNot && others <= limit) {
    const fault = lost - dropped <= limit || flow.isOverloaded ? 'environment' : 'usage';
    throw new ProbeError(flow.name, `${found}${why}. Apart from these, ${others} were lost`, fault);
  }
  const longest = [...gaps].sort((a, b) => b.datagrams - a.datagrams).slice(0, shownGaps);
  const lines = longest.map(
    ({ datagrams, startMs, lengthMs }) => `${datagrams} after ${durationText(startMs)}, for ${durationText(lengthMs)}`,
  );
  return {
    pass,
    message: () => `expected ${flow.name} ${pass ? 'not to' : 'to'} ${what}, but ${found}${why}`,
    meta: {
      hasMissedDeadline: !pass && dropped > 0,
      details: lines.length === 0 ? [] : [{ title: 'Longest gaps, in datagrams', lines }],
    },
  };
}

/** How many gaps a failed assertion shows. */
const shownGaps = 5;
