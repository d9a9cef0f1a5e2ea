// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError } from '../core/errors.ts';
import type { Engine } from '../docker/index.ts';
import type { ResolvedImage } from '../images/index.ts';
import { inspectHost, TestbedFactory, type Appliance } from '../testbed/index.ts';
import { failure, type Finding } from './finding.ts';

/** Checks whether QEMU can use the appliance's disk image. */
export async function checkAppliance(
  engine: Engine,
  appliance: Appliance,
  images: readonly ResolvedImage[],
  directory: string,
  signal?: AbortSignal,
): Promise<Finding> {
  const name = 'appliance';
  try {
    const facts = await inspectHost(engine, { images, accel: 'tcg', directory }, signal);
    const { drives } = await new TestbedFactory(engine, facts).inspectDisk(appliance, signal);
    const texts = drives.map(({ source, image, spec, virtualBytes }) =>
      [source ?? 'empty disk', spec.kind === 'cdrom' ? 'CD' : image?.format, `${Math.round(virtualBytes / 1024 ** 2)} MiB`]
        .filter((part) => part !== undefined)
        .join(', '),
    );
    return { name, result: 'ok', text: texts.join('; ') || 'no disk' };
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return failure(name, error.message, 'build the image, or correct appliance.image');
  }
}
