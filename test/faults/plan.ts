// SPDX-License-Identifier: GPL-3.0-or-later
import { moments, needsBoot, type Phase } from './phases.ts';
import { pick, randomOf, shuffled } from './random.ts';

/** How many tests each run of the campaign has. */
export const testCount = 3;

/** Of how many kinds of faults one is injected into a run that boots, before the other phases have had their turn. */
const bootsEvery = 8;

/** What a plan needs to know of a kind of fault. */
export interface PlannedKind {
  /** as in `--only` */
  readonly name: string;
  /** the phases in which it can be injected */
  readonly phases: readonly Phase[];
}

/** One fault of a campaign. */
export interface FaultCase {
  /** its number in the campaign, from 1; `--case` replays it */
  readonly number: number;
  readonly kind: string;
  readonly phase: Phase;
  /** in the phase of which test it is injected, from 1 */
  readonly test: number;
  /** time from the beginning of the phase to the fault, in `ms` */
  readonly delayMs: number;
  /** from 0 to below 1; a kind of fault chooses its details by it */
  readonly detail: number;
}

/**
 * Plans a campaign. The same seed and kinds give the same cases, and more cases do not change the first ones. Every kind comes once
 * before any comes again, and goes through its phases. Pure.
 */
export function planCampaign(seed: number, count: number, kinds: readonly PlannedKind[]): readonly FaultCase[] {
  const random = randomOf(seed);
  const phasesOf = new Map(
    shuffled(random, kinds).map(({ name, phases }, index) => [name, bootsAt(index % bootsEvery === 0, shuffled(random, phases))]),
  );
  return Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / kinds.length);
    const kind = shuffled(randomOf(seed, round), kinds)[index % kinds.length]!;
    const allPhases = phasesOf.get(kind.name)!;
    return planCase(seed, index + 1, kind.name, allPhases[round % allPhases.length]!);
  });
}

/** Moves the phases of runs that boot, which take three times as long as others, to the beginning or the end. */
function bootsAt(isFirst: boolean, phases: readonly Phase[]): readonly Phase[] {
  const [boots, others] = [phases.filter(needsBoot), phases.filter((phase) => !needsBoot(phase))];
  return isFirst ? [...boots, ...others] : [...others, ...boots];
}

function planCase(seed: number, number: number, kind: string, phase: Phase): FaultCase {
  const random = randomOf(seed, 1, number);
  const { isPerTest, lengthMs } = moments[phase];
  const tests = Array.from({ length: testCount }, (_, index) => index + 1);
  const test = phase === 'reporting' ? testCount : isPerTest ? pick(random, tests) : 1;
  return { number, kind, phase, test, delayMs: Math.round(random() * lengthMs), detail: random() };
}
