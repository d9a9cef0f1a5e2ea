// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import type { ContainerSpec } from './spec.ts';

type Capabilities = Pick<ContainerSpec, 'addCapabilities' | 'dropCapabilities'>;

/**
 * What the lifeline may do, and QEMU in it. KILL is needed to end apps that run as another user. It is also the wall between
 * the testbed's programs and QEMU: the kernel opens `/proc/PID/root`, `mem` and the like of a process only to those who have
 * all capabilities that this process has, or SYS_PTRACE. So nothing else in the PID namespace may ever have KILL.
 */
export const lifelineCapabilities = ['NET_ADMIN', 'KILL'] as const;

/** With any of these a program could get past that wall. DAC_READ_SEARCH opens files of the host by their inode numbers. */
const beyondTheWall = ['ALL', 'KILL', 'SYS_PTRACE', 'DAC_READ_SEARCH'];

/** Of Docker's defaults: KILL for the wall; device nodes and capabilities of files could reach the host in a shared folder. */
const dropped = ['KILL', 'MKNOD', 'SETFCAP'];

/**
 * Capabilities of what runs beside a node: Docker's defaults without KILL, MKNOD and SETFCAP, and with some more.
 * @param added - default NET_ADMIN and NET_RAW
 * @throws UsageError when one of them would open QEMU's memory and files
 */
export function trafficCapabilities(added: readonly string[] = ['NET_ADMIN', 'NET_RAW']): Capabilities {
  const names = added.map((name) => name.toUpperCase().replace(/^CAP_/, ''));
  const refused = names.filter((name) => beyondTheWall.includes(name));
  if (refused.length > 0) {
    throw new UsageError(
      `expected capabilities that keep an app apart from QEMU, got ${refused.join(', ')}. Leave out ${beyondTheWall.join(', ')}`,
    );
  }
  return { addCapabilities: names, dropCapabilities: dropped.filter((name) => !names.includes(name)) };
}
