// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync } from 'node:fs';
import { procText } from '../support/processes.ts';

/** Memory and file descriptors of a process. */
export interface ProcessUse {
  readonly pid: string;
  /** resident memory, in MiB */
  readonly rssMiB: number;
  /** resident memory in which each shared page is divided among its users, in MiB; 0 if the kernel does not say */
  readonly pssMiB: number;
  /** open file descriptors */
  readonly descriptors: number;
}

/** PIDs of all processes, each with that of its parent. */
function parents(): ReadonlyMap<string, string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.map((pid) => [pid, /^PPid:\s+(\d+)$/m.exec(procText(pid, 'status'))?.[1] ?? '']));
}

/** PIDs of a process and of all that descend from it. */
export function treeOf(root: string): readonly string[] {
  const tree = [root];
  const all = [...parents()];
  for (const member of tree) tree.push(...all.filter(([, parent]) => parent === member).map(([pid]) => pid)); // grows meanwhile
  return tree;
}

/** PIDs of processes whose program has this name. */
export function pidsOf(name: string): readonly string[] {
  return [...parents().keys()].filter((pid) => procText(pid, 'comm') === name);
}

/** Reads what a process uses; `undefined` if it has ended or may not be read. */
export function useOf(pid: string): ProcessUse | undefined {
  const rss = kibibytes(procText(pid, 'status'), 'VmRSS');
  const pss = kibibytes(procText(pid, 'smaps_rollup'), 'Pss');
  if (rss === undefined) return undefined;
  try {
    return { pid, rssMiB: rss / 1024, pssMiB: (pss ?? 0) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

function kibibytes(text: string, key: string): number | undefined {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
