// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../core/deadline.ts';
import { AlpyError } from '../core/errors.ts';
import { ContainerDiedError, type Container } from '../docker/index.ts';
import type { Started } from './teardown.ts';

/** How long the news of a container's end may take after what it broke, in `ms`. */
const newsTimeoutMs = 500;

type Held = Pick<Started, 'lease' | 'nodes' | 'uplinks'>;

/** A container that a testbed needs and that has ended, as the error to throw; `undefined` if all of them run. */
export function deadContainer(started: Held): ContainerDiedError | undefined {
  const { firstEnded, lifeline } = started.lease.group; // the first is unknown if QEMU's container could not even be created
  for (const container of [firstEnded ?? lifeline.container, ...othersOf(started)])
    if (container.exitStatus)
      return new ContainerDiedError(container.name, container.exitStatus, lastWordsOf(container, started));
  return undefined;
}

/**
 * Returns why the creation of a testbed failed. If one of its containers has ended, everything that used it failed, too, and says
 * less: the daemon refuses something, or a process does not exist.
 */
export async function explainByContainers(error: unknown, started: Held): Promise<unknown> {
  if (!(error instanceof AlpyError) || error.fault === 'usage' || error instanceof ContainerDiedError) return error;
  const ends = [started.lease.group.lifeline.container, ...othersOf(started)].map(({ exited }) => exited);
  await raceWithSignal(Promise.race(ends), AbortSignal.timeout(newsTimeoutMs)).catch(() => undefined);
  return deadContainer(started) ?? error;
}

function othersOf({ nodes, uplinks }: Held): readonly Container[] {
  return [...nodes.map(({ container }) => container), ...uplinks.flatMap(({ containers }) => containers)];
}

/** Why the guest of a node has ended, if it is the node's container. */
function lastWordsOf(container: Container, { nodes }: Held): string {
  return nodes.find((node) => node.container === container)?.guest?.lastWords ?? '';
}
