// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../core/deadline.ts';
import { AlpyError } from '../core/errors.ts';
import { ContainerDiedError } from '../docker/index.ts';
import type { Started } from './teardown.ts';

/** How long the news of a container's end may take after what it broke, in `ms`. */
const newsTimeoutMs = 500;

/** A container that a testbed needs and that has ended, as the error to throw; `undefined` if all of them run. */
export function deadContainer({ lease, nodes }: Pick<Started, 'lease' | 'nodes'>): ContainerDiedError | undefined {
  const { firstEnded, lifeline } = lease.group; // the first is unknown if QEMU's container could not even be created
  for (const container of [firstEnded ?? lifeline.container, ...nodes.map((node) => node.container)])
    if (container.exitStatus) return new ContainerDiedError(container.name, container.exitStatus, '');
  return undefined;
}

/**
 * Returns why the creation of a testbed failed. If one of its containers has ended, everything that used it failed, too, and says
 * less: the daemon refuses something, or a process does not exist.
 */
export async function explainByContainers(error: unknown, started: Pick<Started, 'lease' | 'nodes'>): Promise<unknown> {
  if (!(error instanceof AlpyError) || error.fault === 'usage' || error instanceof ContainerDiedError) return error;
  const { lease, nodes } = started;
  const ends = [lease.group.lifeline.container, ...nodes.map((node) => node.container)].map(({ exited }) => exited);
  await raceWithSignal(Promise.race(ends), AbortSignal.timeout(newsTimeoutMs)).catch(() => undefined);
  return deadContainer(started) ?? error;
}
