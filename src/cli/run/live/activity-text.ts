// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepCategory } from '../../../core/step.ts';
import { escapeControls } from '../../../report/index.ts';
import type { Activity, OpenStep } from '../../../runner/index.ts';

/** Steps whose inner steps say less than they do, and what to show; `undefined` for their titles. */
const phrases: Readonly<Partial<Record<StepCategory, string | undefined>>> = {
  'testbed.boot': 'booting',
  'testbed.ready': undefined,
  'testbed.teardown': 'tearing the testbed down',
  'snapshot.save': 'saving a snapshot',
};

/**
 * What a test waits for: `booting for 12 of about 30 s`, `Ping 192.168.1.9 from node0 for 3 s`. Pure.
 * @param nowMs - in `ms` since 1970
 * @param expectedMs - how long a step usually takes, if known
 */
export function activityText(
  { steps }: Pick<Activity, 'steps'>,
  nowMs: number,
  expectedMs: (step: OpenStep) => number | undefined,
): string {
  const step = steps.findLast(({ category }) => category in phrases) ?? steps.at(-1);
  if (step === undefined) return 'running';
  const elapsed = Math.floor((nowMs - step.timeMs) / 1000);
  const what = phrases[step.category] ?? escapeControls(step.title);
  const expected = Math.round((expectedMs(step) ?? 0) / 1000);
  // the name of a condition may be long, and the end of a line that does not fit is cut
  if (step.category === 'testbed.ready') return elapsed < 1 ? what : `(${elapsed} s) ${what}`;
  if (expected >= 1) return `${what} for ${elapsed} of about ${expected} s`;
  return elapsed < 1 ? what : `${what} for ${elapsed} s`;
}
