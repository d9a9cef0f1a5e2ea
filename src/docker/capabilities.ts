// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import type { ContainerSpec } from './spec.ts';

type Capabilities = Pick<ContainerSpec, 'addCapabilities' | 'dropCapabilities'>;

/**
 * Capabilities of the lifeline and of QEMU, which runs in it. KILL is needed to end apps that run as another user. It also
 * isolates QEMU from the testbed's programs: the kernel lets a process open `/proc/PID/root` or `/proc/PID/mem` of another
 * one only if it has all capabilities of that one, or SYS_PTRACE. So nothing else in the PID namespace may ever have KILL.
 */
export const lifelineCapabilities = ['NET_ADMIN', 'KILL'] as const;

/** Each of these would break that isolation. DAC_READ_SEARCH opens files of the host by their inode numbers. */
const breaksIsolation = ['ALL', 'KILL', 'SYS_PTRACE', 'DAC_READ_SEARCH'];

/** Docker's defaults that are dropped: KILL for isolation; device nodes and file capabilities could affect the host through a shared folder. */
const dropped = ['KILL', 'MKNOD', 'SETFCAP'];

/**
 * Capabilities of nodes and apps: Docker's defaults without KILL, MKNOD and SETFCAP, plus others.
 * @param added - default: NET_ADMIN and NET_RAW
 * @throws UsageError if one of them would give access to QEMU's memory and files
 */
export function trafficCapabilities(added: readonly string[] = ['NET_ADMIN', 'NET_RAW']): Capabilities {
  const names = added.map((name) => name.toUpperCase().replace(/^CAP_/, ''));
  const refused = names.filter((name) => breaksIsolation.includes(name));
  if (refused.length > 0) {
    throw new UsageError(
      `expected capabilities that isolate an app from QEMU, got ${refused.join(', ')}. Remove ${breaksIsolation.join(', ')}`,
    );
  }
  return { addCapabilities: names, dropCapabilities: dropped.filter((name) => !names.includes(name)) };
}
