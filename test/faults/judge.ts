// SPDX-License-Identifier: GPL-3.0-or-later
import { statusByFault } from '../../src/core/errors.ts';
import type { ErrorReport, TestReport } from '../../src/report/index.ts';
import type { Cause, Expectation, FaultKind } from './kinds/kind.ts';
import type { Phase } from './phases.ts';
import { testCount } from './plan.ts';

/** No run of the campaign takes longer, in `ms`. */
const longestRunMs = 900_000;

/** The results that a run left: its reports, or what it had stored until it was killed. */
export interface LeftReports {
  /** absent if there is no `run.json` */
  readonly run?: {
    readonly tests: readonly TestReport[];
    readonly errors: readonly ErrorReport[];
    readonly exitStatus: number;
    readonly durationMs?: number;
  };
  /** full names of the tests whose results were stored while the run went on */
  readonly stored: readonly string[];
  readonly hasJunit: boolean;
  /** tests without a capture or a console log, of those that had ended before the fault */
  readonly withoutFiles: readonly string[];
}

/** What is known about a run after a fault. */
export interface Observation {
  readonly phase: Phase;
  /** exit status, or the signal that ended the main process; absent if it had to be killed after its limit */
  readonly status?: number | NodeJS.Signals | null;
  /** tests whose results had been printed when the fault was injected */
  readonly endedBefore: readonly string[];
  /** whether reports were to be expected: the run had begun its tests */
  readonly hadBegun: boolean;
  readonly reports: LeftReports;
  /** what was left 5 s after the end */
  readonly left: readonly string[];
  /** what happened to the other testbed */
  readonly disturbed: readonly string[];
}

/** `survived`: the run passed, which this fault allows. `missed`: what the fault should hit had ended, or never existed. */
export type Verdict = 'correct' | 'survived' | 'wrong' | 'missed';

/** Judges how a run dealt with a fault. Pure. */
export function judge(kind: FaultKind, seen: Observation): { readonly verdict: Verdict; readonly problems: readonly string[] } {
  const hasPassed = seen.status === 0;
  const isLate = seen.endedBefore.length === testCount;
  const mayPass = isLate || (kind.harmless !== undefined && (kind.harmlessIn?.includes(seen.phase) ?? true));
  const problems = [
    ...(seen.status === undefined ? ['the run did not end in time'] : []),
    ...(hasPassed
      ? mayPass
        ? []
        : ['the run passed']
      : isLate && seen.status !== undefined
        ? lateProblems(kind, seen)
        : causeProblems(kind, seen)),
    ...(kind.losesReports === true ? lostReports(seen) : reportProblems(seen)),
    ...seen.reports.withoutFiles.map((name) => `no capture or console log of the test ${name}, which had ended before`),
    ...seen.left.map((one) => `left: ${one}`),
    ...seen.disturbed,
  ];
  return { verdict: problems.length > 0 ? 'wrong' : hasPassed ? 'survived' : 'correct', problems };
}

/** A run that is hit after its last result may pass or end as expected, but no test may change its result. */
function lateProblems({ expected }: FaultKind, { status, reports }: Observation): readonly string[] {
  const changed = (reports.run?.tests ?? []).filter((test) => test.status !== 'passed');
  return [
    ...(expected.statuses.includes(status!) ? [] : [`status ${status}, expected 0 or ${expected.statuses.join(' or ')}`]),
    ...changed.map(({ fullName, status: how }) => `${fullName} had passed, and is now ${how}`),
  ];
}

function causeProblems({ expected, losesReports }: FaultKind, { status, reports, hadBegun }: Observation): readonly string[] {
  if (status === undefined) return [];
  const { statuses, causes, early } = expected;
  if (!hadBegun && status === early) return [];
  const errors = [...(reports.run?.errors ?? []), ...(reports.run?.tests ?? []).flatMap((test) => test.errors)];
  if (status === statusByFault.environment && errors.some((error) => isLateUnderLoad(error, causes))) return [];
  const problems = statuses.includes(status!) ? [] : [`status ${status}, expected ${statuses.join(' or ') || 'only 0'}`];
  if (causes === undefined || !hadBegun || (losesReports === true && !reports.run)) return problems;
  const isNamed = errors.some((error) => causes.some((cause) => isNamedBy(cause, error)));
  const named = errors.map(({ code = 'no code', fault = 'unknown' }) => `${code} (${fault})`).join(', ');
  const wanted = [...new Set(causes.map(({ code = 'a failed assertion' }) => code))].join(', ');
  return isNamed ? problems : [...problems, `the cause is not named: got ${named || 'no error'}, expected one of ${wanted}`];
}

function isNamedBy({ code, fault, message }: Cause, error: ErrorReport): boolean {
  return code === error.code && (fault ?? error.fault) === error.fault && (message?.test(error.message) ?? true);
}

/** A device that does not answer while the machine is overloaded: alpy cannot know which of the two it is, and says so. */
function isLateUnderLoad({ code, isUnderLoad }: ErrorReport, causes: Expectation['causes'] = []): boolean {
  return isUnderLoad === true && causes.some((cause) => cause.fault === 'device' && cause.code === code);
}

function reportProblems({ endedBefore, hadBegun, reports: { run, hasJunit } }: Observation): readonly string[] {
  if (!hadBegun) return [];
  if (!run) return ['no run.json'];
  const kept = run.tests.filter(({ status }) => status !== 'skipped').map(nameOf);
  return [
    ...(hasJunit ? [] : ['no junit.xml']),
    ...(run.durationMs === undefined || isPlausible(run.durationMs) ? [] : [`the run took ${run.durationMs} ms`]),
    ...run.tests
      .filter(({ durationMs }) => !isPlausible(durationMs))
      .map((test) => `${test.fullName} took ${test.durationMs} ms`),
    ...run.errors.filter(({ fault }) => fault === 'bug').map(({ message }) => `an error of alpy itself: ${message}`),
    ...endedBefore.filter((name) => !kept.includes(name)).map((name) => `the result of ${name}, which had ended before, is lost`),
  ];
}

/** Whether a duration can be that of a case. */
function isPlausible(ms: number): boolean {
  return ms >= 0 && ms < longestRunMs;
}

/** What a killed run must have stored. */
function lostReports({ endedBefore, reports: { run, stored } }: Observation): readonly string[] {
  const known = [...stored, ...(run?.tests ?? []).map(nameOf)];
  return endedBefore
    .filter((name) => !known.includes(name))
    .map((name) => `the result of ${name}, which had ended before, is lost`);
}

function nameOf({ file, fullName }: Pick<TestReport, 'file' | 'fullName'>): string {
  return `${file} > ${fullName}`;
}
