// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from 'node:fs';

/** PIDs of all QEMU that run on this machine, whoever started them, in ascending order. */
export function qemuProcesses(): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && procText(pid, 'comm').startsWith('qemu-system'));
}

/** A file of a process in /proc; nothing when the process has ended. */
export function procText(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Kills the processes that would remove what a process leaves when it is killed. @throws Error if it has none */
export function killGuards(parent: number): void {
  const guards = procText(String(parent), `task/${parent}/children`)
    .split(' ')
    .filter((pid) => procText(pid, 'cmdline').split('\0').includes('alpy-guard'));
  if (guards.length === 0) throw new Error(`expected a guard of process ${parent}, got none`);
  for (const pid of guards) process.kill(Number(pid), 'SIGKILL');
}
