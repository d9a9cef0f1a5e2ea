// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeCommas } from '../core/qemu-arguments.ts';
import { withPlaces, type FilePlaces } from './appliance-files.ts';
import { clockBase } from './clock.ts';
import { consoleArguments, type ConsolePlace } from './console-arguments.ts';
import { driveArguments, type DriveFile } from './drive-arguments.ts';
import type { DriveSpec } from './drives.ts';
import { firmwareArguments, needsSmm, type Firmware } from './firmware.ts';
import { fwCfgArguments, type FwCfgFiles } from './fw-cfg.ts';
import { kernelArguments, type KernelSpec } from './kernel-arguments.ts';
import { commonDevices, defaultCpu, type MachineType } from './machine-type.ts';
import { nicArguments, type MachineNic } from './nic-arguments.ts';

import { smbiosArguments, type Smbios } from './smbios.ts';
import { tpmArguments, type TpmVersion } from './tpm.ts';

/** The hardware of a virtual machine. */
export interface MachineSpec extends KernelSpec {
  readonly name: string;
  readonly machine: MachineType;
  readonly accel: 'kvm' | 'tcg';
  /** default: the best of the accelerator */
  readonly cpu?: string | undefined;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly firmware: Firmware;
  /** default: its serial port */
  readonly console?: ConsolePlace | undefined;
  /** files in fw_cfg */
  readonly files?: FwCfgFiles | undefined;
  readonly smbios?: Smbios | undefined;
  /** absent for a machine without a TPM */
  readonly tpm?: TpmVersion | undefined;
  readonly drives: readonly DriveSpec[];
  /** what the firmware boots; `network`: the NICs in their order, then the disk; default: the disk */
  readonly boot?: 'disk' | 'network' | undefined;
  readonly nics: readonly MachineNic[];
  /** start of the guest's clock */
  readonly clockStart: Date;
  /** additional arguments of QEMU, after all others */
  readonly extra: readonly string[];
}

/** Memory in a file, so that a snapshot need not copy it. The guest writes to the file, or to a copy of each page. */
export interface MemoryFile {
  readonly path: string;
  readonly use: 'write' | 'copy-on-write' | 'copy-on-write of a file that may not be written';
}

/** Where QEMU's files are, as QEMU sees them. */
export interface MachinePaths {
  /** the content of a drive, by its index */
  readonly drive: (index: number) => DriveFile;
  /** image of the seed for cloud-init; absent for none */
  readonly seed?: string | undefined;
  /** QEMU connects to it */
  readonly qmpSocket: string;
  /** QEMU connects to it */
  readonly serialSocket: string;
  readonly firmwareCode: string;
  readonly firmwareVariables: string;
  /** socket of the emulated TPM; absent for none */
  readonly tpmSocket?: string | undefined;
  /** path of a NIC's pcap, by the name that the topology gives it */
  readonly capture: (file: string) => string;
  /** translates paths of the files that other keys of the appliance name */
  readonly placeOf: FilePlaces;
  /** absent for memory without a file */
  readonly memory?: MemoryFile | undefined;
  /** whether QEMU waits for the state of a snapshot to load */
  readonly isIncoming?: boolean | undefined;
}

/** QEMU uses 0 for a kernel that the user adds with `-kernel`. */
const firstBootIndex = 1;

/**
 * Arguments of QEMU. Pure. The virtual CPU does not run yet. QEMU outlives the guest's end, so that the state of the
 * guest can be inspected.
 */
export function machineArguments(spec: MachineSpec, paths: MachinePaths): readonly string[] {
  return [
    ...['-name', spec.name, '-nodefaults', '-no-user-config', '-S'],
    ...['-action', 'shutdown=pause,panic=pause'],
    ...machineArgument(spec, paths),
    ...accelArguments(spec),
    ...['-smp', String(spec.cpus), '-m', String(spec.memoryMiB)],
    // clock=vm: filter-dump then records this start plus the virtual clock, which can be converted to wall-clock time
    ...['-rtc', `base=${clockBase(spec.clockStart)},clock=vm`],
    ...firmwareArguments(spec, paths),
    ...kernelArguments(spec, paths.placeOf),
    ...fwCfgArguments(spec.files, paths.placeOf),
    ...smbiosArguments(spec.smbios),
    ...driveArguments(spec, spec.boot === 'network' ? firstBootIndex + spec.nics.length : firstBootIndex, paths),
    ...consoleArguments(spec.machine, spec.console ?? 'serial', paths.serialSocket),
    ...['-chardev', `socket,id=qmp0,path=${escapeCommas(paths.qmpSocket)}`, '-mon', 'chardev=qmp0,mode=control'],
    ...commonDevices(spec.machine),
    ...tpmArguments(spec.machine, paths.tpmSocket),
    ...nicArguments(spec.nics, { machine: spec.machine, isBooted: spec.boot === 'network', firstBootIndex, ...paths }),
    ...(paths.isIncoming === true ? ['-incoming', 'defer'] : []),
    ...withPlaces(spec.extra, paths.placeOf),
  ];
}

function machineArgument(spec: MachineSpec, { memory }: MachinePaths): readonly string[] {
  const machine = machineWithOptions(spec);
  if (!memory) return ['-machine', machine];
  const access = {
    write: 'share=on',
    'copy-on-write': 'share=off',
    'copy-on-write of a file that may not be written': 'share=off,readonly=on,rom=off',
  }[memory.use];
  const backend = `memory-backend-file,id=ram0,size=${spec.memoryMiB}M,mem-path=${escapeCommas(memory.path)},${access}`;
  return ['-object', backend, '-machine', `${machine},memory-backend=ram0`];
}

/** SeaBIOS prints to the serial port if the machine has no graphics. */
function machineWithOptions(spec: MachineSpec): string {
  return [spec.machine, ...(needsSmm(spec) ? ['smm=on'] : []), ...(spec.console === 'firmware' ? ['graphics=off'] : [])].join(
    ',',
  );
}

function accelArguments({ machine, accel, cpu = defaultCpu(machine, accel) }: MachineSpec): readonly string[] {
  // tb-size limits the translation cache, in MiB; the default is up to 1 GiB, more than most guests have
  if (accel === 'tcg') return ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', cpu];
  return ['-accel', 'kvm', '-cpu', cpu];
}
