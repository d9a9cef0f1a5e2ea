// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { jobLabel } from '../../src/docker/index.ts';
import { procText, qemuProcesses } from '../support/processes.ts';
import { entriesOf, pathsBelow, sizeOf, usedMiB } from './disk.ts';
import type { Tolerance } from './flat.ts';
import { pidsOf, treeOf, useOf, type ProcessUse } from './processes.ts';

const residentMemory = { unit: 'MiB', share: 0.2, absolute: 16 };
const heap = { unit: 'MiB', share: 0.15, absolute: 4 };

/** The figures of a sample, with their units and how much each may grow. */
export const figures = {
  'main process: resident memory': residentMemory,
  'main process: heap after a garbage collection': heap,
  'main process: file descriptors': { unit: '', share: 0, absolute: 3 },
  'largest worker: resident memory': residentMemory,
  'largest worker: heap after a garbage collection': heap,
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
  /** where the processes note the size of their heaps and the number of their file descriptors */
  readonly notes: string;
  /** how many testbeds have ended */
  readonly testbeds: number;
}

const docker = new Docker();

/** Samples all figures. `undefined` if the run has ended meanwhile. */
export async function takeSample(subject: Subject): Promise<Sample | undefined> {
  const [tree, notes] = [treeOf(String(subject.pid)), notesOf(subject.notes)];
  const uses = tree.map(useOf).filter((use) => use !== undefined);
  const [main, ...others] = uses;
  if (main?.pid !== String(subject.pid) || others.length === 0) return undefined;
  const filters = { label: [`${jobLabel}=${subject.job}`] };
  const [containers, { DockerRootDir: root }] = (await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.info(),
  ])) as [readonly { readonly Id: string }[], { readonly DockerRootDir: string }];
  const ids = containers.map(({ Id }) => Id);
  const outBytes = sizeOf(subject.out);
  return present({
    ...ofProcesses('main process', [main], notes),
    ...ofProcesses('largest worker', others, notes),
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

type Figures<Who extends string> = Record<
  `${Who}: ${'resident memory' | 'heap after a garbage collection' | 'file descriptors'}`,
  number | undefined
>;

/** The largest figures of some processes. */
function ofProcesses<Who extends string>(who: Who, uses: readonly ProcessUse[], notes: ReadonlyMap<string, Note>): Figures<Who> {
  return {
    [`${who}: resident memory`]: largest(uses.map(({ rssMiB }) => rssMiB)),
    [`${who}: heap after a garbage collection`]: largest(uses.map(({ pid }) => notes.get(pid)?.heapMiB)),
    [`${who}: file descriptors`]: largest(uses.map(({ pid }) => notes.get(pid)?.descriptors)),
  } as Figures<Who>;
}

function present(sample: Readonly<Record<FigureName, number | undefined>>): Sample {
  return Object.fromEntries(Object.entries(sample).filter(([, value]) => value !== undefined));
}

/** What a process notes about itself. */
interface Note {
  readonly heapMiB: number;
  readonly descriptors: number;
}

/**
 * How many notes of a process count. While testbeds start, a heap has some 5 MiB more than between them, and a process has more file
 * descriptors, so that a single note depends on its moment. The least of several seconds does not, and a leak raises it all the same.
 */
const notesThatCount = 10;

/** The least of the last notes of each process. */
function notesOf(file: string): ReadonlyMap<string, Note> {
  const all = new Map<string, readonly Note[]>();
  for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    const { pid, ...note } = JSON.parse(line) as Note & { readonly pid: number };
    all.set(String(pid), [...(all.get(String(pid)) ?? []).slice(1 - notesThatCount), note]);
  }
  return new Map([...all].map(([pid, notes]) => [pid, leastOf(notes)]));
}

function leastOf(notes: readonly Note[]): Note {
  const least = (of: (note: Note) => number): number => Math.min(...notes.map(of));
  return { heapMiB: least(({ heapMiB }) => heapMiB), descriptors: least(({ descriptors }) => descriptors) };
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
