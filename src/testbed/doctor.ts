// SPDX-License-Identifier: GPL-3.0-or-later
import { statfs } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { whenAborted } from '../core/deadline.ts';
import { AlpyError, messageOf } from '../core/errors.ts';
import { availableMemoryMiB } from '../core/memory.ts';
import { connectTimeoutMs, Container, DaemonError, Engine } from '../docker/index.ts';
import { inspectImage, type ResolvedImage } from '../images/index.ts';
import { probeKvm, type Accel } from '../qemu/index.ts';
import type { Appliance } from './dut-parts.ts';
import { inspectApplianceDisk, inspectHost } from './host.ts';

/** Something that was looked at. */
export interface Finding {
  readonly name: string;
  /** `failure`: a run would fail; `warning`: it would be slow, or short of something */
  readonly result: 'ok' | 'warning' | 'failure';
  readonly text: string;
  /** what to do about it: a command where there is one */
  readonly remedy?: string;
}

/** What a run would need. */
export interface Examination {
  readonly images: readonly ResolvedImage[];
  readonly accel: Accel | 'auto';
  readonly memoryMiB: number;
  readonly appliance: Appliance | undefined;
  /** where reports would go */
  readonly directory: string;
  readonly accelCacheFile?: string | undefined;
  readonly socketPath?: string | undefined;
  /** called with a line for people when the daemon is late */
  readonly onWait?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What QEMU takes besides the guest's memory without KVM, in MiB: mostly its translation cache. */
const qemuOverheadMiB = 400;
const wantedDiskMiB = 2048;

/** Looks at all that a run needs; what cannot be looked at since something before it failed is left out. */
export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { images, signal, socketPath, onWait } = examination;
  let engine: Engine;
  try {
    engine = await Engine.connect({ socketPath, onWait }, { timeoutMs: connectTimeoutMs, signal });
  } catch (error) {
    signal?.throwIfAborted();
    return [failure('docker', messageOf(error), error instanceof DaemonError ? error.remedy : 'docker version')];
  }
  using connection = engine;
  if (signal) whenAborted(signal, connection.hurry.bind(connection));
  const daemon: Finding = {
    name: 'docker',
    result: 'ok',
    text: `Docker ${connection.version} at ${connection.address} (${connection.place.reason})`,
  };
  const imageFindings = await Promise.all(images.map((image) => lookAtImage(connection, image, signal)));
  const qemu = imageFindings.find(({ name }) => name === 'image qemu');
  const machine = [await lookAtMemory(connection, examination), await lookAtDisk(examination.directory)];
  if (qemu?.result !== 'ok') return [daemon, ...imageFindings, ...machine];
  const image = images.find(({ name }) => name === 'qemu')?.reference ?? '';
  const devices = [await lookAtTun(connection, image, signal), await lookAtKvm(connection, image, examination)];
  return [daemon, ...imageFindings, ...devices, ...machine, ...(await lookAtAppliance(connection, examination))];
}

function failure(name: string, text: string, remedy: string): Finding {
  return { name, result: 'failure', text, remedy };
}

async function lookAtImage(engine: Engine, image: ResolvedImage, signal?: AbortSignal): Promise<Finding> {
  const name = `image ${image.name}`;
  const where = `${image.reference} (${image.origin})`;
  try {
    if (await inspectImage(engine.docker, image.reference, signal)) return { name, result: 'ok', text: where };
  } catch (error) {
    return failure(name, messageOf(error), 'alpy images list');
  }
  const isNeeded = image.name === 'qemu' || image.name === 'node'; // others only by tests that use them
  const remedy = image.buildable ? `alpy images build ${image.name}` : `docker pull ${image.reference}`;
  return { name, result: isNeeded ? 'failure' : 'warning', text: `${where} is not there`, remedy };
}

async function lookAtTun(engine: Engine, image: string, signal?: AbortSignal): Promise<Finding> {
  const name = '/dev/net/tun';
  const remedy = 'sudo modprobe tun';
  try {
    await using container = await Container.start(
      engine,
      {
        name: 'tun-probe',
        image,
        entrypoint: ['sh', '-ec', 'ip tuntap add dev tap0 mode tap'],
        command: [],
        networkMode: 'bare',
        dropAllCapabilities: true,
        addCapabilities: ['NET_ADMIN'],
        devices: [name],
      },
      signal,
    );
    container.expectExit();
    const [said, status] = await Promise.all([buffer(container.stderr), container.waitForExit({ timeoutMs: 20_000, signal })]);
    if (status.code === 0) return { name, result: 'ok', text: 'a container could make a tap' };
    return failure(name, `a container cannot make a tap: ${said.toString().trim()}`, remedy);
  } catch (error) {
    return failure(name, messageOf(error), remedy);
  }
}

async function lookAtKvm(engine: Engine, image: string, { accel, accelCacheFile, signal }: Examination): Promise<Finding> {
  const name = 'KVM';
  try {
    const { works, reason } = await probeKvm({ engine, image, cacheFile: accelCacheFile, signal });
    if (works) return { name, result: 'ok', text: `works: ${reason}` };
    if (accel === 'kvm') return failure(name, `does not work: ${reason}`, 'set accel to auto or tcg');
    return { name, result: 'warning', text: `does not work: ${reason}. Guests run with TCG, several times slower` };
  } catch (error) {
    return failure(name, messageOf(error), 'set accel to tcg');
  }
}

async function lookAtMemory(engine: Engine, { memoryMiB, signal }: Examination): Promise<Finding> {
  const name = 'memory';
  const needed = memoryMiB + qemuOverheadMiB;
  const info = await engine.call(
    'ask how much memory there is',
    signal,
    () => engine.docker.info() as Promise<{ readonly MemTotal?: number }>,
  );
  const available = await availableMemoryMiB(); // of this machine, which may be another than the daemon's
  const total = Math.floor((info.MemTotal ?? 0) / 1024 ** 2);
  const have = available ?? total;
  const text = `${have} MiB available of ${total}, one testbed takes about ${needed}`;
  if (have >= needed) return { name, result: 'ok', text };
  return failure(name, text, 'end other programs, or lower appliance.memoryMiB');
}

async function lookAtDisk(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const freeMiB = Math.floor((bavail * bsize) / 1024 ** 2);
  const text = `${freeMiB} MiB free in ${directory}`;
  if (freeMiB >= wantedDiskMiB) return { name: 'disk', result: 'ok', text };
  return {
    name: 'disk',
    result: 'warning',
    text: `${text}; captures of long tests may fill it`,
    remedy: 'docker system df; docker image prune',
  };
}

async function lookAtAppliance(
  engine: Engine,
  { appliance, images, directory, signal }: Examination,
): Promise<readonly Finding[]> {
  if (!appliance) return [];
  const name = 'appliance';
  try {
    const facts = await inspectHost(engine, { images, accel: 'tcg', directory }, signal);
    const { path, format, virtualBytes } = await inspectApplianceDisk(engine, facts, appliance, signal);
    return [{ name, result: 'ok', text: `${path}, ${format}, ${Math.round(virtualBytes / 1024 ** 2)} MiB` }];
  } catch (error) {
    if (!(error instanceof AlpyError)) throw error;
    return [failure(name, error.message, 'build the image, or correct appliance.image')];
  }
}
