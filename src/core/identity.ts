// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync, readlinkSync } from 'node:fs';
import { codeOf } from './errors.ts';

/** Whether a process still lives; `unknown` if it belongs to another machine or cannot be seen from here. */
export type OwnerState = 'alive' | 'dead' | 'unknown';

/** Identifies a process on any machine, also after its PID has been used again. */
export interface ProcessIdentity {
  /** identifies the machine and its last boot */
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** when it was started, in ticks since the boot */
  readonly start: string;
}

/** What /proc says about a process. */
export interface ProcessStatus {
  readonly parent: number;
  /** when it was started, in ticks since the boot */
  readonly start: string;
  /** whether it has ended, but its parent has not noticed yet */
  readonly hasEnded: boolean;
}

/** Identity of this process as text, for {@link parseIdentity}; `undefined` if there is no /proc. */
export function ownIdentity(): string | undefined {
  return identityOf(process.pid);
}

/** The same text for another process; `undefined` if there is no such process, or it cannot be seen from here. */
export function identityOf(pid: number): string | undefined {
  const start = readProcess(pid === process.pid ? 'self' : pid)?.start;
  return start === undefined ? undefined : [bootId(), pidNamespace(), pid, start].join(' ');
}

/** Reads the text of {@link ownIdentity}. Returns `undefined` for any other text. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, boot, namespace, pid, start] = /^(\S+) (\S+) (\d+) (\d+)$/.exec(text) ?? [];
  if (boot === undefined || namespace === undefined || pid === undefined || start === undefined) return undefined;
  return { bootId: boot, pidNamespace: namespace, pid: Number(pid), start };
}

/**
 * Whether a process lives.
 * @param identity - from {@link ownIdentity} of that process; absent if the owner is not known
 */
export function ownerState(identity: string | undefined): OwnerState {
  return processState(parseIdentity(identity ?? ''));
}

/** Whether a process lives. @param identity - absent if the process is not known */
export function processState(identity: ProcessIdentity | undefined): OwnerState {
  const boot = bootId();
  if (boot === '' || identity?.bootId !== boot || identity.pidNamespace !== pidNamespace()) return 'unknown';
  try {
    process.kill(identity.pid, 0); // also finds processes that /proc may hide
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return 'dead';
  }
  const found = readProcess(identity.pid);
  if (!found) return 'alive'; // /proc hides it
  return !found.hasEnded && found.start === identity.start ? 'alive' : 'dead'; // 'dead' if another process has the PID now
}

/** Reads the status of a process. Returns `undefined` if there is no such process, or if /proc hides it. */
export function readProcess(pid: number | 'self'): ProcessStatus | undefined {
  const text = readProc(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // the name before it may contain anything
  const [state, parent, start] = [fields[0], fields[1], fields[19]];
  return parent === undefined || start === undefined ? undefined : { parent: Number(parent), start, hasEnded: state === 'Z' };
}

/** Identifies the last boot of this machine; empty if it is not known. */
export function bootId(): string {
  return readProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** The namespace in which this process sees PIDs; empty if it is not known. */
export function pidNamespace(): string {
  return readProc(() => readlinkSync('/proc/self/ns/pid'));
}

function readProc(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return '';
  }
}
