// SPDX-License-Identifier: GPL-3.0-or-later
import { checkCapabilities } from './refused-capabilities.ts';
import type { ContainerSpec } from './spec.ts';

type Capabilities = Pick<ContainerSpec, 'addCapabilities' | 'dropAllCapabilities'>;

/**
 * Capabilities of the lifeline. NET_ADMIN creates QEMU's taps and moves them to nodes; KILL ends apps that run as another user. KILL
 * also keeps the testbed's programs out of the lifeline: the kernel lets a process open `/proc/PID/root` or `/proc/PID/mem` of
 * another one only if it has all capabilities of that one, or SYS_PTRACE. So nothing else in the PID namespace may ever have KILL.
 * QEMU is not in it, and has no capability.
 */
export const lifelineCapabilities = ['NET_ADMIN', 'KILL'] as const;

/** What nodes, apps and jobs have by default, besides {@link neededByNetworkPrograms}. */
export const defaultCapabilities: readonly string[] = ['NET_ADMIN', 'NET_RAW'];

/**
 * What network programs need of Docker's default capabilities. Without KILL, for isolation; without MKNOD, SETFCAP and FSETID, because
 * device nodes, file capabilities and setuid files could affect the host through a shared folder.
 */
const neededByNetworkPrograms = [
  'CHOWN', // daemons give the files and sockets that they create as root to their own user
  'DAC_OVERRIDE', // … and then, as root, write to them
  'FOWNER', // … and change their modes
  'SETUID', // they change to that user
  'SETGID', // … and group
  'SETPCAP', // they drop capabilities for good, as do nodes
  'NET_BIND_SERVICE', // they listen on ports below 1024
  'SYS_CHROOT', // sshd, OpenVPN, HAProxy and lldpd confine themselves to a folder
  'AUDIT_WRITE', // sshd of Debian and Fedora ends at a log-in that it cannot record
];

/**
 * Capabilities of nodes, apps and jobs: those that network programs need, plus others.
 * @param added - default: NET_ADMIN and NET_RAW
 * @throws UsageError if no program of a test may have one of them
 */
export function trafficCapabilities(added: readonly string[] = defaultCapabilities): Capabilities {
  const names = checkCapabilities(added);
  return { dropAllCapabilities: true, addCapabilities: [...new Set([...neededByNetworkPrograms, ...names])] };
}
