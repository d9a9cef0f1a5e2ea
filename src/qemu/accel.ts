// SPDX-License-Identifier: GPL-3.0-or-later
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { blameFor, raceWithSignal } from '../core/deadline.ts';
import { AlpyError, EnvironmentError, messageOf } from '../core/errors.ts';
import { bootId } from '../core/identity.ts';
import { readLines } from '../core/lines.ts';
import { step } from '../core/step.ts';
import { Container, helperLimits, imageId, type Engine } from '../docker/index.ts';

/** An accelerator of QEMU. */
export type Accel = 'kvm' | 'tcg';

/** Which accelerator to use, and why. */
export interface AccelChoice {
  readonly accel: Accel;
  /** why not KVM, or how it is known to work */
  readonly reason: string;
}

/** Whether KVM works on the daemon's machine. */
export interface KvmVerdict {
  readonly works: boolean;
  readonly reason: string;
}

/** Where to probe, and where to remember the result. */
export interface KvmProbe {
  readonly engine: Engine;
  /** the `qemu` image, with the kernel of the probe in it */
  readonly image: string;
  /** file that keeps the verdict; absent: it is not kept */
  readonly cacheFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long a kernel may take to boot with KVM, in `ms`; it takes about one second if KVM works. */
const bootTimeoutMs = 10_000;
const bootedText = 'alpy-probe-booted';
const probeFolder = '/usr/local/share/alpy/probe';

/**
 * Chooses the accelerator: for `auto`, KVM if it works, else TCG.
 * @throws EnvironmentError with the reason, if KVM is required and does not work
 */
export async function chooseAccel(requested: Accel | 'auto', probe: KvmProbe): Promise<AccelChoice> {
  if (requested === 'tcg') return { accel: 'tcg', reason: 'the configuration says so' };
  const { works, reason } = await probeKvm(probe);
  if (!works && requested === 'kvm')
    throw new EnvironmentError(`accel is kvm, but KVM does not work: ${reason}. Use accel auto or tcg`);
  return { accel: works ? 'kvm' : 'tcg', reason };
}

/**
 * Checks whether KVM works by booting a stock kernel, because `/dev/kvm` may open and yet not run one. The verdict is kept until
 * the next reboot of the machine or change of the image.
 * @throws ContainerError when the daemon cannot run containers at all
 */
export async function probeKvm(probe: KvmProbe): Promise<KvmVerdict> {
  const key = await verdictKey(probe);
  const known = await readVerdict(probe.cacheFile, key);
  if (known) return known;
  const verdict = await step('alpy.qemu', 'Boot a kernel to check KVM', () => bootWithKvm(probe));
  await writeVerdict(probe.cacheFile, key, verdict);
  return verdict;
}

/** A small machine that prints {@link bootedText} on its serial port. */
const probeArguments = [
  ...['-machine', 'q35', '-accel', 'kvm', '-cpu', 'host', '-m', '128', '-nodefaults', '-no-reboot', '-display', 'none'],
  ...['-kernel', `${probeFolder}/vmlinuz`, '-initrd', `${probeFolder}/initramfs`, '-append', 'console=ttyS0 panic=-1'],
  ...['-serial', 'stdio'],
];

async function bootWithKvm(probe: KvmProbe): Promise<KvmVerdict> {
  await using container = await startProbe(probe);
  if (!container) return { works: false, reason: 'the machine has no /dev/kvm' };
  const { signal } = probe;
  container.expectExit();
  const booted = hasPrinted(container.stdout, bootedText);
  const stderr = text(container.stderr);
  const startMs = performance.now();
  const timeout = AbortSignal.timeout(bootTimeoutMs);
  try {
    if (await raceWithSignal(booted, signal ? AbortSignal.any([signal, timeout]) : timeout))
      return { works: true, reason: 'a kernel booted with it' };
    await container.exited;
    return { works: false, reason: `QEMU ended: ${inOneLine(await stderr) || 'without a reason'}` };
  } catch (error) {
    signal?.throwIfAborted();
    if (error !== timeout.reason) throw error;
    const blamed = await blameFor(startMs); // a verdict is kept, so it must not stem from a daemon that does not answer
    if (blamed) throw blamed;
    return { works: false, reason: `a kernel did not boot with it within ${bootTimeoutMs / 1000} s` };
  }
}

/** Returns undefined if there is no /dev/kvm. */
async function startProbe({ engine, image, signal }: KvmProbe): Promise<Container | undefined> {
  const spec = {
    name: 'kvm-probe',
    image,
    entrypoint: ['qemu-system-x86_64'],
    command: probeArguments,
    networkMode: 'bare',
    devices: ['/dev/kvm'],
    dropAllCapabilities: true,
    ...helperLimits,
    memoryMiB: 512, // a guest of 128 MiB
  } as const;
  try {
    return await Container.start(engine, spec, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AlpyError && error.message.includes('/dev/kvm')) return undefined;
    throw error;
  }
}

/** Resolves to whether a line contains `expected`, at the latest when the output ends. */
function hasPrinted(output: Readable, expected: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const lines = readLines(output);
  lines.on('line', (line) => {
    if (line.includes(expected)) resolve(true);
  });
  lines.on('close', () => {
    resolve(false);
  });
  return promise;
}

/** A reason becomes part of a sentence. */
function inOneLine(lines: string): string {
  return lines
    .trim()
    .replace(/\.$/, '')
    .replaceAll(/\s*\n\s*/g, '; ');
}

/** A verdict is valid for this boot of the daemon's machine and this image. */
async function verdictKey({ engine, image, signal }: KvmProbe): Promise<string> {
  const [info, id, device] = await Promise.all([
    engine.call(
      'identify the daemon',
      signal,
      () => engine.docker.info() as Promise<{ readonly ID?: string; readonly KernelVersion?: string }>,
    ),
    imageId(engine, image, signal),
    // the device may appear without a reboot
    access('/dev/kvm', constants.F_OK).then(
      () => 'device',
      () => 'none',
    ),
  ]);
  return [info.ID, info.KernelVersion, id, bootId(), device].join(' ');
}

async function readVerdict(file: string | undefined, key: string): Promise<KvmVerdict | undefined> {
  if (file === undefined) return undefined;
  try {
    const { key: storedKey, works, reason } = JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, unknown>>;
    return storedKey === key && typeof works === 'boolean' && typeof reason === 'string' ? { works, reason } : undefined;
  } catch {
    return undefined; // no verdict yet, or an incomplete one
  }
}

async function writeVerdict(file: string | undefined, key: string, verdict: KvmVerdict): Promise<void> {
  if (file === undefined) return;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ key, ...verdict }));
  } catch (cause) {
    throw new EnvironmentError(`cannot keep the verdict on KVM in ${file}: ${messageOf(cause)}`, { cause });
  }
}
