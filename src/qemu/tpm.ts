// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { quoteWord } from '../core/text.ts';
import type { MachineType } from './machine-type.ts';

/** The version of an emulated TPM. */
export type TpmVersion = '2.0' | '1.2';

/** The socket in a scratch directory over which QEMU controls the TPM. */
export function tpmSocket(scratchDirectory: string): string {
  return join(scratchDirectory, 'tpm.sock');
}

/**
 * Lines of shell that start an emulated TPM with new, empty state. It ends when QEMU closes the connection, and with QEMU's container in
 * any case. Pure.
 */
export function startTpm(version: TpmVersion, scratchDirectory: string): readonly string[] {
  const state = join(scratchDirectory, 'tpm');
  const command = [
    ...['swtpm', 'socket', ...(version === '2.0' ? ['--tpm2'] : []), '--daemon', '--terminate'],
    ...['--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${tpmSocket(scratchDirectory)}`],
    ...['--log', `file=${join(scratchDirectory, 'tpm.log')}`],
  ];
  return [`mkdir ${quoteWord(state)}`, command.map(quoteWord).join(' ')];
}

/** Arguments of QEMU for an emulated TPM. Pure. */
export function tpmArguments(machine: MachineType, socket: string | undefined): readonly string[] {
  if (socket === undefined) return [];
  const device = machine === 'virt' ? 'tpm-tis-device' : 'tpm-tis';
  return [
    ...['-chardev', `socket,id=tpm0,path=${socket}`, '-tpmdev', 'emulator,id=tpm0,chardev=tpm0'],
    ...['-device', `${device},tpmdev=tpm0`],
  ];
}
