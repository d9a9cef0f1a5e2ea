// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { QemuContainer } from './qemu-container.ts';

/** How long reading it may take, in `ms`. */
const timeoutMs = 30_000;

/** The file for QEMU's warnings and errors. */
export function stderrFile(scratchDirectory: string): string {
  return join(scratchDirectory, 'stderr');
}

/**
 * Returns QEMU's warnings and errors so far, and whether the kernel killed a process of its container because memory ran out; an
 * empty string if the container has ended.
 */
export async function readStderr(container: QemuContainer, scratchDirectory: string): Promise<string> {
  const counters = '/sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control'; // of cgroups version 2 and 1
  const script = `cat ${stderrFile(scratchDirectory)}; printf '\\001'; grep -hs '^oom_kill ' ${counters} || :`;
  try {
    const [printed = '', kills = ''] = (await container.runShell(script, { timeoutMs })).split('\u0001');
    return /oom_kill [1-9]/.test(kills) ? `${printed.trimEnd()}\n${outOfMemory(container)}`.trimStart() : printed;
  } catch {
    return ''; // the end of its container is reported elsewhere
  }
}

function outOfMemory({ memoryMiB }: QemuContainer): string {
  return `out of memory: expected at most ${memoryMiB} MiB for QEMU's container or the memory of the machine, got more, so the kernel killed QEMU. Run fewer tests at once (--workers), or lower appliance.memoryMiB`;
}
