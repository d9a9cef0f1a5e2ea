// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';

/** Capabilities that no program of a test or job may have, whoever asks, with the reason. */
const refused: Readonly<Record<string, string>> = {
  ALL: 'it contains all of the others',
  // access to other processes of the testbed's PID namespace
  KILL: 'it could end what protects the testbed, and then open its files',
  SYS_PTRACE: 'it reads the memory and files of every process of the testbed',
  CHECKPOINT_RESTORE: 'it opens the files of other processes',
  SYS_RESOURCE: 'it changes the limits of other processes, and uses what the machine keeps for its administrator',
  // access to files and devices of the machine
  DAC_READ_SEARCH: 'it opens files of the machine by their inode numbers',
  MKNOD: 'it leaves device nodes in shared folders; an app gets a device with the option devices',
  SETFCAP: 'it leaves programs with capabilities in shared folders',
  LINUX_IMMUTABLE: 'it makes files that nobody can remove',
  SYS_RAWIO: 'it reads and writes the memory and disks of the machine',
  // the kernel as a whole, which no namespace divides
  SYS_ADMIN: 'it mounts file systems and enters the namespaces of others',
  SYS_MODULE: 'it loads code into the kernel',
  SYS_BOOT: 'it restarts the machine',
  SYS_TIME: 'it sets the clock of the machine',
  SYS_PACCT: 'it changes the accounting of all processes',
  SYS_TTY_CONFIG: 'it takes terminals from others',
  BPF: 'it loads programs into the kernel',
  PERFMON: 'it observes all processes of the machine',
  SYSLOG: "it reads the kernel's log and addresses",
  MAC_ADMIN: "it changes the machine's access control",
  MAC_OVERRIDE: "it evades the machine's access control",
  AUDIT_CONTROL: "it changes the machine's audit",
  AUDIT_READ: "it reads the machine's audit log",
  WAKE_ALARM: 'it wakes the machine',
  BLOCK_SUSPEND: 'it keeps the machine awake',
};

/** The name of a capability as alpy writes it: in capitals, without `CAP_`. */
export function capabilityName(text: string): string {
  return text.trim().toUpperCase().replace(/^CAP_/, '');
}

/** Why no program of a test or job may have a capability; undefined if it may. */
export function reasonToRefuse(capability: string): string | undefined {
  return Object.hasOwn(refused, capability) ? refused[capability] : undefined;
}

/**
 * Asserts that a program of a test or job may have capabilities.
 * @returns their names as alpy writes them
 * @throws UsageError that says for each refused one why
 */
export function checkCapabilities(texts: readonly string[]): readonly string[] {
  const names = texts.map(capabilityName);
  const problems = names.flatMap((name) => {
    const reason = reasonToRefuse(name);
    return reason === undefined ? [] : [`${name} (${reason})`];
  });
  if (problems.length > 0)
    throw new UsageError(`expected capabilities that keep a program within its testbed, got ${problems.join(', ')}. Remove them`);
  return names;
}
