// SPDX-License-Identifier: GPL-3.0-or-later
import { whenAborted } from '../core/deadline.ts';
import { connectTimeoutMs, Engine } from '../docker/index.ts';
import type { ResolvedImage } from '../images/index.ts';
import type { Accel } from '../qemu/index.ts';
import type { Appliance } from '../testbed/index.ts';
import { checkAppliance } from './appliance.ts';
import { daemonFailed, daemonFound } from './daemon.ts';
import { checkDisk } from './disk.ts';
import type { Finding } from './finding.ts';
import { checkImage } from './images.ts';
import { checkKvm } from './kvm.ts';
import { checkMemory } from './memory.ts';
import { checkSeccomp } from './seccomp.ts';
import { checkNodeFeatures } from './node-features.ts';
import { checkTun } from './tun.ts';

/** What a run would use. */
export interface MachineCheck {
  readonly images: readonly ResolvedImage[];
  readonly accel: Accel | 'auto';
  /** memory of the guest */
  readonly memoryMiB: number;
  /** absent without a configuration */
  readonly appliances: readonly { readonly name: string; readonly appliance: Appliance }[];
  /** folder that reports would go to */
  readonly directory: string;
  /** file that remembers whether KVM works */
  readonly accelCacheFile?: string | undefined;
  /** path of the daemon's socket; default: see `Engine.connect` */
  readonly socketPath?: string | undefined;
  /** called with a line for the user if the daemon is slow to answer */
  readonly onWait?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks everything that a run needs. Leaves out checks that depend on something that failed.
 * @throws the signal's reason
 */
export async function checkMachine(check: MachineCheck): Promise<readonly Finding[]> {
  const { socketPath, onWait, signal } = check;
  let engine: Engine;
  try {
    engine = await Engine.connect({ socketPath, onWait }, { timeoutMs: connectTimeoutMs, signal });
  } catch (error) {
    signal?.throwIfAborted();
    return [daemonFailed(error)];
  }
  using connection = engine;
  if (signal) whenAborted(signal, connection.hurry.bind(connection));
  const daemon = [daemonFound(connection, connection.place.reason), await checkSeccomp(connection, signal)];
  return [...daemon, ...(await checkWithDaemon(connection, check))];
}

async function checkWithDaemon(engine: Engine, check: MachineCheck): Promise<readonly Finding[]> {
  const { images, appliances, directory, signal } = check;
  const imageFindings = await Promise.all(images.map((image) => checkImage(engine, image, signal)));
  const machine = [await checkMemory(engine, check), await checkDisk(directory)];
  const hasQemu = imageFindings.some(({ name, result }) => name === 'image qemu' && result === 'ok');
  if (!hasQemu) return [...imageFindings, ...machine];
  const qemu = images.find(({ name }) => name === 'qemu')?.reference ?? '';
  const devices = [await checkTun(engine, qemu, signal), await checkKvm(engine, qemu, check)];
  const disks: Finding[] = [];
  for (const { name, appliance } of appliances) {
    const finding = await checkAppliance(engine, appliance, images, directory, signal);
    disks.push(appliances.length > 1 ? { ...finding, name: `appliance ${name}` } : finding);
  }
  const node = images.find((image, index) => image.name === 'node' && imageFindings[index]?.result === 'ok');
  const features = node ? [await checkNodeFeatures(engine, node.reference, signal)] : [];
  return [...imageFindings, ...devices, ...features, ...machine, ...disks];
}
