// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { jobLabel } from '../../src/docker/index.ts';
import { procText, qemuProcesses } from '../support/processes.ts';
import type { Tolerance } from './flat.ts';
import { pidsOf, treeOf, useOf, type ProcessUse } from './processes.ts';

/** The figures of a sample, with their units and how much each may grow. */
export const figures = {
  'main process: resident memory': { unit: 'MiB', share: 0.2, absolute: 16 },
  'main process: heap after a garbage collection': { unit: 'MiB', share: 0.15, absolute: 4 },
  'main process: file descriptors': { unit: '', share: 0, absolute: 3 },
  'largest worker: resident memory': { unit: 'MiB', share: 0.2, absolute: 16 },
  'largest worker: heap after a garbage collection': { unit: 'MiB', share: 0.15, absolute: 4 },
  'largest worker: file descriptors': { unit: '', share: 0, absolute: 5 },
  'all of alpy: proportional memory': { unit: 'MiB', share: 0.2, absolute: 30 },
  'all of alpy: processes': { unit: '', share: 0, absolute: 1 },
  'Docker daemon: file descriptors': { unit: '', share: 0.2, absolute: 30 },
  containers: { unit: '', share: 0, absolute: 6 },
  'QEMU processes': { unit: '', share: 0, absolute: 2 },
  'taps on the host': { unit: '', share: 0, absolute: 0 },
  'temporary files': { unit: '', share: 0, absolute: 3 },
  'layers that Docker keeps': { unit: '', share: 0.05, absolute: 40 },
  "space used on the disk of Docker's data": { unit: 'MiB', share: 0, absolute: 512 },
  'files of the run, for each testbed': { unit: 'KiB', share: 0.2, absolute: 16 },
} as const satisfies Readonly<Record<string, Tolerance & { readonly unit: string }>>;

/** The name of a figure. */
export type FigureName = keyof typeof figures;
/** Figures at a moment of the run; one that cannot be read on this machine is absent. */
export type Sample = Readonly<Partial<Record<FigureName, number>>>;

/** What to look at. */
export interface Subject {
  /** the main process of the run */
  readonly pid: number;
  /** the label of the run's containers */
  readonly job: string;
  /** the run's folder for temporary files */
  readonly temporary: string;
  /** the run's output */
  readonly out: string;
  /** where the processes note the size of their heaps */
  readonly heaps: string;
  /** how many testbeds have ended */
  readonly testbeds: number;
}

const docker = new Docker();

/** Samples all figures. `undefined` if the run has ended meanwhile. */
export async function takeSample(subject: Subject): Promise<Sample | undefined> {
  const [tree, heaps] = [treeOf(String(subject.pid)), heapsOf(subject.heaps)];
  const uses = tree.map(useOf).filter((use) => use !== undefined);
  const [main, ...others] = uses;
  if (main?.pid !== String(subject.pid) || others.length === 0) return undefined;
  const worker = others.reduce((a, b) => (b.rssMiB > a.rssMiB ? b : a));
  const heapOf = ({ pid }: ProcessUse): number | undefined => heaps.get(Number(pid));
  const filters = { label: [`${jobLabel}=${subject.job}`] };
  const [containers, { DockerRootDir: root }] = (await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.info(),
  ])) as [readonly { readonly Id: string }[], { readonly DockerRootDir: string }];
  const ids = containers.map(({ Id }) => Id);
  const outBytes = sizeOf(subject.out);
  return present({
    'main process: resident memory': main.rssMiB,
    'main process: heap after a garbage collection': heapOf(main),
    'main process: file descriptors': main.descriptors,
    'largest worker: resident memory': worker.rssMiB,
    'largest worker: heap after a garbage collection': largest(others.map(heapOf)),
    'largest worker: file descriptors': largest(others.map(({ descriptors }) => descriptors)),
    'all of alpy: proportional memory': uses.reduce((sum, { pssMiB }) => sum + pssMiB, 0),
    'all of alpy: processes': uses.length,
    'Docker daemon: file descriptors': largest(pidsOf('dockerd').map((pid) => useOf(pid)?.descriptors)),
    containers: ids.length,
    'QEMU processes': qemuProcesses().filter((pid) => ids.some((id) => procText(pid, 'cgroup').includes(id))).length,
    'taps on the host': readdirSync('/sys/class/net').filter((name) => /^tap\d+$/.test(name)).length,
    'temporary files': pathsBelow(subject.temporary).length,
    'layers that Docker keeps': entriesOf(join(root, 'overlay2')),
    "space used on the disk of Docker's data": usedMiB(root, subject.out, outBytes),
    'files of the run, for each testbed': outBytes / 1024 / subject.testbeds,
  });
}

function present(sample: Readonly<Record<FigureName, number | undefined>>): Sample {
  return Object.fromEntries(Object.entries(sample).filter(([, value]) => value !== undefined));
}

/** The last note of each process, in MiB. */
function heapsOf(file: string): ReadonlyMap<number, number> {
  const heaps = new Map<number, number>();
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    const { pid, bytes } = JSON.parse(line) as { pid: number; bytes: number };
    heaps.set(pid, bytes / 1024 ** 2);
  }
  return heaps;
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function entriesOf(folder: string): number | undefined {
  try {
    return readdirSync(folder).length;
  } catch {
    return undefined; // only root may read it, or the daemon is elsewhere
  }
}

/** Used space of the file system of a folder, without the files of the run if they are on the same one. */
function usedMiB(folder: string, out: string, outBytes: number): number | undefined {
  try {
    const { blocks, bfree, bsize } = statfsSync(folder);
    const own = statSync(folder).dev === statSync(out).dev ? outBytes : 0;
    return ((blocks - bfree) * bsize - own) / 1024 ** 2;
  } catch {
    return undefined;
  }
}

/** Size of all files below a folder, in bytes. */
function sizeOf(folder: string): number {
  return pathsBelow(folder).reduce((sum, path) => {
    const facts = statSync(path, { throwIfNoEntry: false });
    return sum + (facts?.isFile() ? facts.size : 0);
  }, 0);
}

/** Everything below a folder. The run may remove a part meanwhile. */
function pathsBelow(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [path, ...pathsBelow(path)] : [path];
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
