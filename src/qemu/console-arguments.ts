// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeCommas } from '../core/qemu-arguments.ts';
import { virtioDevice, type MachineType } from './machine-type.ts';

/** Where a device has its console: on its serial port, on a virtio console, or on a serial port to which its BIOS prints, too. */
export type ConsolePlace = 'serial' | 'virtio' | 'firmware';

/** Arguments of QEMU that connect the console of a machine to a socket. Pure. */
export function consoleArguments(machine: MachineType, place: ConsolePlace, socket: string): readonly string[] {
  const chardev = ['-chardev', `socket,id=serial0,path=${escapeCommas(socket)}`];
  if (place !== 'virtio') return [...chardev, '-serial', 'chardev:serial0'];
  return [...chardev, '-device', virtioDevice(machine, 'serial'), '-device', 'virtconsole,chardev=serial0'];
}
