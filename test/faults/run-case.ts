// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { messageOf } from '../../src/core/errors.ts';
import { Project } from '../support/cli.ts';
import type { Bystander } from './bystander.ts';
import { ContainerRecord } from './container-record.ts';
import { judge, type Verdict } from './judge.ts';
import { MissedError, type FaultKind } from './kinds/kind.ts';
import { leftOf } from './leftovers.ts';
import { RunOutput } from './output.ts';
import { moments, needsBoot } from './phases.ts';
import type { FaultCase } from './plan.ts';
import { projectFiles } from './project.ts';
import { readReports } from './reports.ts';
import { Target } from './target.ts';

/** What all cases share. */
export interface CampaignPlace {
  readonly docker: Docker;
  readonly bystander: Bystander;
  /** environment of the runs */
  readonly env: Readonly<Record<string, string>>;
  /** a snapshot store with the guest's snapshot */
  readonly store: string;
}

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

const defaultLimitMs = 30_000;

/** Starts a run, injects a fault at its moment, and judges how the run ends. */
export async function runCase(place: CampaignPlace, kind: FaultKind, one: FaultCase): Promise<Outcome> {
  const startMs = performance.now();
  await using project = await Project.create(projectFiles(kind.project?.(one.detail) ?? {}));
  const jobId = `faults-${process.pid}-${one.number}`;
  await mkdir(project.path('tmp'));
  const store = needsBoot(one.phase) ? project.path('snapshots') : place.store;
  await mkdir(store, { recursive: true });
  using record = await ContainerRecord.open(place.docker, jobId);
  const env = { ...place.env, ALPY_JOB_ID: jobId, TMPDIR: project.path('tmp'), ALPY_SNAPSHOTS_DIRECTORY: store };
  const child = project.start(['run', '--verbose'], env);
  const output = new RunOutput(child);
  const { docker } = place;
  const target = new Target({
    docker,
    child,
    jobId,
    directory: project.directory,
    store,
    temporary: project.path('tmp'),
    detail: one.detail,
  });
  const before = await injectAt(one, kind, target, output);
  const status = await endOf(target, output, kind.limitMs ?? defaultLimitMs);
  const left = await leftOf(target, record.ids);
  const { verdict, problems } = judge(kind, {
    ...(status === undefined ? {} : { status }),
    endedBefore: before.results,
    hadBegun: before.hasBegun,
    reports: readReports(project.path('alpy-out'), before.results),
    left,
    disturbed: await place.bystander.disturbances(),
  });
  const isMissed = before.missed !== undefined && problems.length > 0 === (status !== 0);
  return {
    case: one,
    verdict: isMissed ? 'missed' : verdict,
    problems: isMissed ? [before.missed] : problems,
    ...(status === undefined ? {} : { status }),
    seconds: (performance.now() - startMs) / 1000,
    output: output.lines,
  };
}

interface Moment {
  /** tests with results at that time */
  readonly results: readonly string[];
  /** whether the run had begun its tests */
  readonly hasBegun: boolean;
  /** why there was nothing to hit */
  readonly missed?: string;
}

/** Waits for the moment of a case and injects its fault. */
async function injectAt(one: FaultCase, kind: FaultKind, target: Target, output: RunOutput): Promise<Moment> {
  const { line } = moments[one.phase];
  const hasCome = line === undefined || (await output.line(line, one.test));
  await sleep(one.delayMs); // the random delay of the case
  const moment = { results: output.results, hasBegun: output.lines.some((text) => text.startsWith('workers: ')) };
  if (!hasCome) return { ...moment, missed: `the run ended before its phase ${one.phase}` };
  if (target.hasEnded) return { ...moment, missed: 'the run had ended' };
  try {
    await kind.inject(target);
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
