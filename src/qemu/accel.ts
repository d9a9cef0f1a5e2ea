// SPDX-License-Identifier: GPL-3.0-or-later
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { blameFor, raceWithSignal } from '../core/deadline.ts';
import { AlpyError, EnvironmentError, messageOf } from '../core/errors.ts';
import { bootId } from '../core/identity.ts';
import { readLines } from '../core/lines.ts';
import { step } from '../core/step.ts';
import { Container, type Engine } from '../docker/index.ts';

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

/** How to find out. */
export interface KvmProbe {
  readonly engine: Engine;
  /** the `qemu` image, with the kernel of the probe in it */
  readonly image: string;
  /** file that keeps the verdict; absent for none */
  readonly cacheFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long a kernel may take to boot with KVM, in `ms`; it takes about one second where KVM works. */
const bootTimeoutMs = 10_000;
const bootedText = 'alpy-probe-booted';
const probeFolder = '/usr/local/share/alpy/probe';

/**
 * Chooses the accelerator: for `auto` KVM when it works, else TCG.
 * @throws EnvironmentError when KVM is demanded and does not work, with the reason
 */
export async function chooseAccel(wanted: Accel | 'auto', probe: KvmProbe): Promise<AccelChoice> {
  if (wanted === 'tcg') return { accel: 'tcg', reason: 'the configuration says so' };
  const { works, reason } = await probeKvm(probe);
  if (!works && wanted === 'kvm')
    throw new EnvironmentError(`accel is kvm, but KVM does not work: ${reason}. Use accel auto or tcg`);
  return { accel: works ? 'kvm' : 'tcg', reason };
}

/**
 * Whether KVM works, proven by the boot of a stock kernel: a `/dev/kvm` that opens may yet not run one. The verdict is
 * kept until the machine boots anew or the image changes.
 * @throws ContainerError when the daemon cannot run containers at all
 */
export async function probeKvm(probe: KvmProbe): Promise<KvmVerdict> {
  const key = await verdictKey(probe);
  const known = await readVerdict(probe.cacheFile, key);
  if (known) return known;
  const verdict = await step('alpy.qemu', 'Boot a kernel with KVM, to see whether it works', () => bootWithKvm(probe));
  await writeVerdict(probe.cacheFile, key, verdict);
  return verdict;
}

async function bootWithKvm({ engine, image, signal }: KvmProbe): Promise<KvmVerdict> {
  const kernel = [
    '-kernel',
    `${probeFolder}/vmlinuz`,
    '-initrd',
    `${probeFolder}/initramfs`,
    '-append',
    'console=ttyS0 panic=-1',
  ];
  const machine = [
    '-machine',
    'q35',
    '-accel',
    'kvm',
    '-cpu',
    'host',
    '-m',
    '128',
    '-nodefaults',
    '-no-reboot',
    '-display',
    'none',
  ];
  let container: Container;
  try {
    container = await Container.start(
      engine,
      {
        name: 'kvm-probe',
        image,
        entrypoint: ['qemu-system-x86_64'],
        command: [...machine, ...kernel, '-serial', 'stdio'],
        networkMode: 'bare',
        devices: ['/dev/kvm'],
        dropAllCapabilities: true,
      },
      signal,
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AlpyError && error.message.includes('/dev/kvm'))
      return { works: false, reason: 'the machine has no /dev/kvm' };
    throw error;
  }
  await using probe = container;
  probe.expectExit();
  const lines = readLines(probe.stdout);
  const booted = new Promise<boolean>((resolve) => {
    lines.on('line', (line) => {
      if (line.includes(bootedText)) resolve(true);
    });
    lines.on('close', () => {
      resolve(false);
    });
  });
  const said = text(probe.stderr);
  const startMs = performance.now();
  const timeout = AbortSignal.timeout(bootTimeoutMs);
  try {
    if (await raceWithSignal(booted, signal ? AbortSignal.any([signal, timeout]) : timeout)) {
      return { works: true, reason: 'a kernel booted with it' };
    }
    await probe.exited;
    return { works: false, reason: `QEMU ended: ${inOneLine(await said) || 'without a reason'}` };
  } catch (error) {
    signal?.throwIfAborted();
    if (error !== timeout.reason) throw error;
    const blamed = await blameFor(startMs); // a verdict is kept, so it must not be that of a silent daemon
    if (blamed) throw blamed;
    return { works: false, reason: `a kernel did not boot with it within ${bootTimeoutMs / 1000} s` };
  }
}

/** A reason stands in the midst of other lines, and of sentences. */
function inOneLine(words: string): string {
  return words
    .trim()
    .replace(/\.$/, '')
    .replaceAll(/\s*\n\s*/g, '; ');
}

/** What a verdict is true for: this boot of the daemon's machine, and this image. */
async function verdictKey({ engine, image, signal }: KvmProbe): Promise<string> {
  const [info, inspection, device] = await Promise.all([
    engine.call(
      'ask who the daemon is',
      signal,
      () => engine.docker.info() as Promise<{ readonly ID?: string; readonly KernelVersion?: string }>,
    ),
    engine.call(`inspect ${image}`, signal, () => engine.docker.getImage(image).inspect()),
    // rights may change without a boot
    access('/dev/kvm', constants.F_OK).then(
      () => 'device',
      () => 'none',
    ),
  ]);
  return [info.ID, info.KernelVersion, inspection.Id, bootId(), device].join(' ');
}

async function readVerdict(file: string | undefined, key: string): Promise<KvmVerdict | undefined> {
  if (file === undefined) return undefined;
  try {
    const stored = JSON.parse(await readFile(file, 'utf8')) as KvmVerdict & { readonly key: string };
    return stored.key === key ? { works: stored.works, reason: stored.reason } : undefined;
  } catch {
    return undefined; // no verdict yet, or half of one
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
