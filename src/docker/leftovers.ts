// SPDX-License-Identifier: GPL-3.0-or-later
import type { ContainerInfo } from 'dockerode';
import { raceWithSignal } from '../core/deadline.ts';
import { ownerState } from '../core/identity.ts';
import { removeContainer } from './container.ts';
import { ownerLabel, runLabel, type Engine } from './engine.ts';

/** Minimum age of a leftover container if it is unknown whether its owner still runs, in `s`. */
const oldAgeS = 600;

/**
 * Removes containers that are no longer used. A container whose owner still runs stays, in whatever state. If that is unknown,
 * it stays as long as the lifeline of its run, and at least ten minutes, because a lifeline is created before it runs.
 * @param runId - remove all containers of this run, even if they are used; absent for leftovers of all runs
 * @returns the names of the removed containers
 * @throws ContainerError if the daemon refuses
 */
export async function removeLeftovers(
  engine: Engine,
  runId: string | undefined,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found = await list(engine, labelOf(runId), signal);
  return remove(engine, runId === undefined ? await leftBehind(engine, found, signal) : found, signal);
}

/** Removes the containers of the engine's own run. @throws ContainerError if the daemon refuses */
export async function removeOwn(engine: Engine, signal?: AbortSignal): Promise<void> {
  await remove(engine, await list(engine, labelOf(engine.runId), signal), signal);
}

/**
 * Removes containers whose owner no longer runs, for example because it was killed between creating and starting them.
 * @param runId - only those of this run; absent for those of all runs but the engine's own
 * @returns the names of the removed containers
 * @throws ContainerError if the daemon refuses
 */
export async function removeOfDead(engine: Engine, runId?: string, signal?: AbortSignal): Promise<readonly string[]> {
  const found = await list(engine, labelOf(runId), signal);
  const meant = runId === undefined ? found.filter((one) => !isOf(one, engine.runId)) : found;
  const orphans = meant.filter(({ Labels }) => ownerState(Labels[ownerLabel]) === 'dead');
  return remove(engine, orphans, signal);
}

function labelOf(runId: string | undefined): string {
  return runId === undefined ? runLabel : `${runLabel}=${runId}`;
}

function isOf({ Labels }: ContainerInfo, runId: string): boolean {
  return Labels[runLabel] === runId;
}

/**
 * An image can give our labels to a container that somebody else starts from it, but it cannot give it a name. A container whose
 * removal was interrupted, because the daemon was killed, has lost its name, and nobody can use it any more.
 */
function isOurs({ Names, Labels, State }: ContainerInfo): boolean {
  return (State === 'dead' && Names.length === 0) || Names.some((name) => name.startsWith(`/alpy-${Labels[runLabel] ?? ''}-`));
}

async function list(engine: Engine, label: string, signal: AbortSignal | undefined): Promise<readonly ContainerInfo[]> {
  const found = await engine.call('list the containers', signal, () =>
    engine.docker.listContainers({ all: true, filters: { label: [label] } }),
  );
  return found.filter(isOurs);
}

async function leftBehind(
  engine: Engine,
  found: readonly ContainerInfo[],
  signal: AbortSignal | undefined,
): Promise<readonly ContainerInfo[]> {
  const states = new Map(found.map((one) => [one, ownerState(one.Labels[ownerLabel])]));
  const dead = found.filter((one) => states.get(one) === 'dead');
  const unknown = found.filter((one) => states.get(one) === 'unknown');
  if (unknown.length === 0) return dead;
  const isAlive = (one: ContainerInfo): boolean =>
    one.State === 'running' && one.Names.some((name) => name.endsWith('-lifeline'));
  const aliveRuns = new Set(found.filter(isAlive).map(({ Labels }) => Labels[runLabel]));
  const nowS = await daemonTimeS(engine, signal);
  const old = unknown.filter(({ Created, Labels }) => !aliveRuns.has(Labels[runLabel]) && nowS - Created >= oldAgeS);
  return [...dead, ...old];
}

/** The daemon's time: it may run on another machine with another clock. */
async function daemonTimeS(engine: Engine, signal: AbortSignal | undefined): Promise<number> {
  const { SystemTime } = await engine.call(
    'ask for the time',
    signal,
    () => engine.docker.info() as Promise<{ readonly SystemTime: string }>,
  );
  return Date.parse(SystemTime) / 1000;
}

async function remove(
  engine: Engine,
  those: readonly ContainerInfo[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const names = await Promise.all(
    those.map(async (one) => {
      const name = one.Names[0]?.slice(1) ?? one.Id;
      const isOwn = isOf(one, engine.runId); // events are received only for its own containers
      const removed = isOwn ? (): Promise<void> => engine.exits.removalOf(one.Id) : undefined;
      const removing = removeContainer(engine.docker.getContainer(one.Id), name, removed);
      return (await raceWithSignal(removing, signal)) ? [name] : [];
    }),
  );
  return names.flat();
}
