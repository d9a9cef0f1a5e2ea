// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeCommas } from '../core/qemu-arguments.ts';
import type { FilePlaces } from './appliance-files.ts';
import type { MachineType } from './machine-type.ts';

/** The firmware that starts a machine: one in the container image, or files of this machine. */
export type Firmware = 'bios' | 'uefi' | 'uefi-secure-boot' | { readonly file: string; readonly variables?: string | undefined };

interface FirmwareSpec {
  readonly machine: MachineType;
  readonly firmware: Firmware;
}

/** Files of a firmware as QEMU sees them. */
export interface FirmwareFiles {
  readonly code: string;
  /** what its variables are before the first boot */
  readonly variables: string;
}

/** Debian's UEFI for PCs and for ARM; those with Secure Boot have Microsoft's keys and Debian's. */
const uefi = {
  pc: {
    uefi: { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
    'uefi-secure-boot': { code: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd' },
  },
  arm: {
    uefi: { code: '/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd', variables: '/usr/share/AAVMF/AAVMF_VARS.fd' },
    'uefi-secure-boot': { code: '/usr/share/AAVMF/AAVMF_CODE.ms.fd', variables: '/usr/share/AAVMF/AAVMF_VARS.ms.fd' },
  },
} as const;

/** Returns the files of a firmware that keeps variables; undefined for others. Pure. */
export function firmwareFiles({ machine, firmware }: FirmwareSpec, placeOf: FilePlaces): FirmwareFiles | undefined {
  if (firmware === 'bios') return undefined;
  if (typeof firmware === 'string') return uefi[machine === 'virt' ? 'arm' : 'pc'][firmware];
  const { file, variables } = firmware;
  return variables === undefined ? undefined : { code: placeOf(file), variables: placeOf(variables) };
}

/** Whether the machine keeps variables of its firmware. Pure. */
export function hasVariables(spec: FirmwareSpec): boolean {
  return firmwareFiles(spec, (path) => path) !== undefined;
}

/** Whether the machine runs the part of its firmware that guards the variables in a mode that the guest's system cannot enter. Pure. */
export function needsSmm({ machine, firmware }: FirmwareSpec): boolean {
  return firmware === 'uefi-secure-boot' && machine !== 'virt';
}

/** Arguments of QEMU for the firmware. Pure. @param paths - where its code and the variables of this machine are */
export function firmwareArguments(
  spec: FirmwareSpec,
  paths: { readonly firmwareCode: string; readonly firmwareVariables: string; readonly placeOf: FilePlaces },
): readonly string[] {
  const { firmware } = spec;
  if (hasVariables(spec))
    return [
      ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escapeCommas(paths.firmwareCode)}`],
      ...['-drive', `if=pflash,unit=1,format=raw,file=${escapeCommas(paths.firmwareVariables)}`],
      ...(needsSmm(spec) ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
      ...(needsSmm(spec) ? ['-global', 'ICH9-LPC.disable_s3=1'] : []),
    ];
  return typeof firmware === 'string' ? [] : ['-bios', paths.placeOf(firmware.file)];
}
