// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../core/deadline.ts';
import { BugError } from '../core/errors.ts';
import { Junction } from '../qemu/index.ts';
import type { CreationContext } from './creation.ts';

/**
 * Starts what joins nodes on links without a device.
 * @param tapsCreated - settles when its taps exist
 * @throws HypervisorError, ContainerError
 */
export async function startJunction(
  { facts, wires, devices, started }: CreationContext,
  tapsCreated: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const own = started.lease.group.machines[devices.length];
  if (!own) throw new BugError('the lifeline has no container for the links between nodes');
  const container = await raceWithSignal(own.qemu, signal);
  const hubs = wires.flatMap(({ ends, junction }) => {
    if (!junction) return [];
    const { capture, uplinkTap } = junction;
    const taps = ends.flatMap((end) => (end.kind === 'interface' && end.tap !== undefined ? [end.tap] : []));
    return [{ taps: [...taps, ...(uplinkTap === undefined ? [] : [uplinkTap])], capture }];
  });
  const place = { container, access: facts.access, exchange: own.exchange, tapsCreated };
  started.junctions.push(await Junction.start(place, hubs, signal));
}
