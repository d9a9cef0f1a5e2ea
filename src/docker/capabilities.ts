// SPDX-License-Identifier: GPL-3.0-or-later
import { checkCapabilities } from './refused-capabilities.ts';
import type { ContainerSpec } from './spec.ts';

type Capabilities = Pick<ContainerSpec, 'addCapabilities' | 'dropCapabilities'>;

/**
 * Capabilities of the lifeline and of QEMU, which runs in it. KILL is needed to end apps that run as another user. It also
 * isolates QEMU from the testbed's programs: the kernel lets a process open `/proc/PID/root` or `/proc/PID/mem` of another
 * one only if it has all capabilities of that one, or SYS_PTRACE. So nothing else in the PID namespace may ever have KILL.
 */
export const lifelineCapabilities = ['NET_ADMIN', 'KILL'] as const;

/** What nodes, apps and jobs have by default, besides Docker's defaults. */
export const defaultCapabilities: readonly string[] = ['NET_ADMIN', 'NET_RAW'];

/** Docker's defaults that are dropped: KILL for isolation; device nodes and file capabilities could affect the host through a shared folder. */
const dropped = ['KILL', 'MKNOD', 'SETFCAP'];

/**
 * Capabilities of nodes and apps: Docker's defaults without KILL, MKNOD and SETFCAP, plus others.
 * @param added - default: NET_ADMIN and NET_RAW
 * @throws UsageError if no program of a test may have one of them
 */
export function trafficCapabilities(added: readonly string[] = defaultCapabilities): Capabilities {
  const names = checkCapabilities(added);
  return { addCapabilities: names, dropCapabilities: dropped.filter((name) => !names.includes(name)) };
}
