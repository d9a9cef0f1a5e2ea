// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline } from '../core/deadline.ts';
import { runLabel, type Engine } from './engine.ts';
import { ContainerError, ContainerTimeoutError, statusCodeOf } from './errors.ts';

/** How long the daemon may take to remove a container, in `ms`. */
const removeTimeoutMs = 20_000;

/**
 * Removes the containers of runs that are over; those of a run that goes on stay: their lifeline still runs.
 * @param runId - identifier of the run, whose containers are then removed in any case; absent for all that are over
 * @returns the names of what was removed
 * @throws ContainerError when the daemon refuses
 * @throws ContainerTimeoutError when it takes too long
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
    try {
      await engine.call(`remove ${name}`, signal, () => engine.docker.getContainer(Id).remove({ force: true, v: true }));
      names.push(name);
    } catch (error) {
      const status = error instanceof ContainerError ? statusCodeOf(error.cause) : undefined;
      if (status !== 404 && status !== 409) throw error;
      const isOwn = Labels[runLabel] === engine.runId; // it hears of no others
      if (status === 409 && isOwn) await untilRemoved(engine, Id, name, signal); // it is just removing itself
    }
  }
  return names;
}

async function untilRemoved(engine: Engine, id: string, name: string, signal?: AbortSignal): Promise<void> {
  await withDeadline(
    { timeoutMs: removeTimeoutMs, signal },
    (cause) => new ContainerTimeoutError(`${name}: not removed after ${String(removeTimeoutMs)} ms`, { cause }),
    () => engine.exits.removalOf(id),
  );
}
