// SPDX-License-Identifier: GPL-3.0-or-later
import { untilAborted } from '../core/deadline.ts';
import { removeContainer } from './container.ts';
import { runLabel, type Engine } from './engine.ts';

/**
 * Removes the containers of runs that are over; those of a run that goes on stay: their lifeline still runs.
 * @param runId - identifier of the run, whose containers are then removed in any case; absent for all that are over
 * @returns the names of what was removed
 * @throws ContainerError when the daemon refuses
 */
export async function removeLeftovers(
  engine: Engine,
  runId: string | undefined,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const label = runId === undefined ? runLabel : `${runLabel}=${runId}`;
  const found = await engine.call('list the containers', signal, () =>
    engine.docker.listContainers({ all: true, filters: { label: [label] } }),
  );
  const alive = new Set(
    found
      .filter((one) => one.State === 'running' && one.Names.some((name) => name.endsWith('-lifeline')))
      .map((one) => one.Labels[runLabel]),
  );
  const over = found.filter((one) => runId !== undefined || !alive.has(one.Labels[runLabel]));
  const names: string[] = [];
  for (const { Id, Names, Labels } of over) {
    const name = Names[0]?.slice(1) ?? Id;
    const isOwn = Labels[runLabel] === engine.runId; // it hears of no others
    const removing = removeContainer(engine.docker.getContainer(Id), name, isOwn ? () => engine.exits.removalOf(Id) : undefined);
    if (await (signal ? untilAborted(removing, signal) : removing)) names.push(name);
  }
  return names;
}
