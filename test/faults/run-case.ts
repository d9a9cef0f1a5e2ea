// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../../src/core/deadline.ts';
import { messageOf } from '../../src/core/errors.ts';
import { judge, type Verdict } from './judge.ts';
import type { FaultKind } from './kinds/kind.ts';
import { MissedError } from './missed-error.ts';
import { leftOf, untilNoneRuns } from './leftovers.ts';
import type { FaultCase } from './plan.ts';
import type { RunOutput } from './output.ts';
import { moments } from './phases.ts';
import { Stage, type CampaignPlace } from './stage.ts';
import type { Target } from './target.ts';
import { readReports } from './reports.ts';

/** The outcome of a case. */
export interface Outcome {
  readonly case: FaultCase;
  readonly verdict: Verdict;
  /** what is wrong, or why the fault was missed */
  readonly problems: readonly string[];
  readonly status?: number | NodeJS.Signals | null;
  readonly seconds: number;
  /** what the run printed */
  readonly output: readonly string[];
}

const defaultLimitMs = 180_000;
/** How long it may take to inject a fault, in `ms`: a daemon that starts again takes some seconds. */
const injectMs = 90_000;

/** Starts a run, injects a fault at its moment, and judges how the run ends. */
export async function runCase(place: CampaignPlace, kind: FaultKind, one: FaultCase): Promise<Outcome> {
  const startMs = performance.now();
  try {
    await using stage = await Stage.open(place, kind, one);
    return await playCase(place, kind, one, stage);
  } catch (error) {
    const verdict = error instanceof MissedError ? 'missed' : 'wrong';
    return { case: one, verdict, problems: [messageOf(error)], seconds: (performance.now() - startMs) / 1000, output: [] };
  }
}

async function playCase(place: CampaignPlace, kind: FaultKind, one: FaultCase, stage: Stage): Promise<Outcome> {
  const startMs = performance.now();
  const { target, output, record } = stage;
  const before = await injectAt(one, kind, target, output);
  const status = await endOf(target, output, kind.limitMs ?? defaultLimitMs);
  await bringBackDaemon(target);
  const endedBefore = [...before.results.keys()];
  const [left, disturbed] = await Promise.all([leftOf(target, record.ids), place.bystander.disturbances()]);
  const { verdict, problems } = judge(kind, {
    phase: one.phase,
    ...(status === undefined ? {} : { status }),
    endedBefore,
    hadBegun: before.hasBegun,
    reports: readReports(join(target.directory, 'alpy-out'), endedBefore),
    left,
    disturbed,
  });
  const isMissed = before.missed !== undefined;
  return {
    case: one,
    verdict: isMissed ? 'missed' : verdict,
    problems: isMissed ? [before.missed] : problems,
    ...(status === undefined ? {} : { status }),
    seconds: (performance.now() - startMs) / 1000,
    output: output.lines,
  };
}

/**
 * Lets the daemon answer again, because only a daemon removes containers. Those that run must end before that; then what guards the run
 * removes those that never ran.
 */
async function bringBackDaemon(target: Target): Promise<void> {
  const { proxy, daemon } = target;
  proxy?.thaw();
  await daemon?.ensureRunning();
  if (!proxy || proxy.isAlive) return;
  await untilNoneRuns(target);
  await proxy.revive();
}

interface Moment {
  /** tests with results at that time */
  readonly results: ReadonlyMap<string, string>;
  /** whether the run had begun its tests */
  readonly hasBegun: boolean;
  /** why there was nothing to hit */
  readonly missed?: string;
}

/** Waits for the moment of a case and injects its fault. */
async function injectAt(one: FaultCase, kind: FaultKind, target: Target, output: RunOutput): Promise<Moment> {
  const { line } = moments[one.phase];
  const hasCome = line === undefined || (await output.line(line, kind.isByGuest === true ? 1 : one.test));
  await sleep(one.delayMs); // the random delay of the case
  const moment = { results: output.results, hasBegun: output.lines.some((text) => text.startsWith('workers: ')) };
  const failed = [...moment.results].find(([, status]) => status !== 'PASSED');
  if (failed) return { ...moment, missed: `before the fault, ${failed.join(' had ended as ')}` };
  if (!hasCome) return { ...moment, missed: `the run ended before its phase ${one.phase}` };
  if (target.hasEnded) return { ...moment, missed: 'the run had ended' };
  try {
    await withDeadline(
      { timeoutMs: injectMs },
      () => new Error(`not injected within ${injectMs / 1000} s`),
      async () => kind.inject(target),
    );
    return moment;
  } catch (error) {
    if (!(error instanceof MissedError)) throw error;
    return { ...moment, missed: messageOf(error) };
  }
}

/** How the main process ended; `undefined` if it had to be killed. */
async function endOf(target: Target, output: RunOutput, limitMs: number): Promise<number | NodeJS.Signals | null | undefined> {
  using limit = deadline(limitMs);
  const ended = await Promise.race([output.ended, limit.over]);
  if (ended) return ended.status;
  process.kill(-target.pid, 'SIGKILL');
  await output.ended;
  return undefined;
}

function deadline(ms: number): Disposable & { readonly over: Promise<undefined> } {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    resolve(undefined);
  }, ms);
  return {
    over,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
