// SPDX-License-Identifier: GPL-3.0-or-later
import { qemuSandbox } from '../core/qemu-confinement.ts';

/** Command of a QEMU without a machine, which only passes frames between backends. Its monitor is on its standard input and output. */
export const machinelessCommand: readonly string[] = [
  ...['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-M', 'none', '-qmp', 'stdio'],
  ...['-sandbox', qemuSandbox('deny')],
];
