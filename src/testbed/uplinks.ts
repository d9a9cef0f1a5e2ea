// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../core/deadline.ts';
import { step } from '../core/step.ts';
import { imageNamed } from '../images/resolved-image.ts';
import { Uplink } from '../qemu/index.ts';
import type { UplinkSpec } from '../topology/index.ts';
import type { CreationContext } from './creation.ts';

/**
 * Starts what leads from the link of a node to the outside.
 * @param interfacesCreated - settles when its tap exists
 * @throws UsageError, ContainerError, ExecError
 */
export async function startUplink(
  { engine, facts, started }: CreationContext,
  spec: UplinkSpec,
  interfacesCreated: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await step('alpy.network', `Start the uplink of ${spec.node}`, async () => {
    const { lifeline } = started.lease.group;
    const uplink = await Uplink.create({ engine, lifeline, image: imageNamed(facts.images, 'qemu').reference }, spec, signal);
    started.uplinks.push(uplink);
    await uplink.start(() => raceWithSignal(interfacesCreated(), signal), signal);
  });
}
