// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync, readlinkSync } from 'node:fs';
import { codeOf } from './errors.ts';

/** Whether a process still lives; `unknown` for one of another machine, or one that cannot be seen from here. */
export type OwnerState = 'alive' | 'dead' | 'unknown';

/** Which process this is, as {@link ownerState} reads it; `undefined` where there is no /proc. */
export function ownIdentity(): string | undefined {
  try {
    return [namespace(), process.pid, startTime('self')].join(' ');
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * Whether a process lives.
 * @param identity - from {@link ownIdentity} of any process; absent if the owner is not known
 */
export function ownerState(identity: string | undefined): OwnerState {
  const { place, pid, start } = /^(?<place>\S+ \S+) (?<pid>\d+) (?<start>\d+)$/.exec(identity ?? '')?.groups ?? {};
  try {
    if (place === undefined || pid === undefined || place !== namespace()) return 'unknown';
  } catch {
    return 'unknown'; // there is no /proc here
  }
  try {
    process.kill(Number(pid), 0); // sees processes that /proc may hide
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return 'dead';
  }
  try {
    return startTime(pid) === start ? 'alive' : 'dead'; // another process has the number now
  } catch {
    return 'alive'; // it is hidden
  }
}

/** What numbers of processes count in: this boot of this kernel, and the PID namespace. */
function namespace(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** When a process started, in ticks since the boot; 0 for one that has ended and whose parent has not noticed yet. */
function startTime(pid: string): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields[0] === 'Z' ? '0' : (fields[19] ?? '');
}
