// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readlinkSync } from 'node:fs';
import { procText } from '../support/processes.ts';

/** PIDs of all processes that are visible here. */
function allPids(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** PIDs of a process's children that have not ended. */
export function childrenOf(parent: number): readonly number[] {
  return allPids()
    .filter((pid) => {
      const [state, ppid] = procText(pid, 'stat')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state !== 'Z' && ppid === String(parent);
    })
    .map(Number);
}

/** Processes that have a variable with this value in their environment, or belong to one of the containers. */
export function processesOf(variable: string, containers: ReadonlySet<string>): readonly string[] {
  return allPids().flatMap((pid) => {
    const isOurs = procText(pid, 'environ').split('\0').includes(variable);
    const [id] = /[0-9a-f]{64}/.exec(procText(pid, 'cgroup')) ?? [];
    return isOurs || (id !== undefined && containers.has(id)) ? [`process ${pid} ${procText(pid, 'comm')}`] : [];
  });
}

/** Whether a process has a file below a folder open. */
export function hasOpenFileBelow(pid: number, folder: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(`${folder}/`));
  } catch {
    return false; // the process has ended, or has closed one of the files
  }
}
