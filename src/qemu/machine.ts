// SPDX-License-Identifier: GPL-3.0-or-later
import type { NicSpec } from '../topology/index.ts';

/** Models of a NIC. */
export type NicModel = 'virtio-net-pci' | 'e1000' | 'e1000e' | 'vmxnet3' | 'rtl8139';

/** A virtual machine as QEMU is to make it. */
export interface MachineSpec {
  readonly name: string;
  readonly machine: 'q35' | 'pc';
  readonly accel: 'kvm' | 'tcg';
  /** absent for the best of the accelerator */
  readonly cpu?: string | undefined;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly firmware: 'bios' | 'uefi';
  readonly disk: 'virtio' | 'ahci' | 'ide' | 'scsi';
  readonly nics: readonly MachineNic[];
  /** start of the guest's clock */
  readonly clockStart: Date;
  /** further arguments of QEMU, after all others */
  readonly extra: readonly string[];
}

/** A NIC of a machine. */
export interface MachineNic extends NicSpec {
  readonly model: NicModel;
}

/** Memory in a file, so that a snapshot need not copy it: mapped by all who write it, or copied where it is written. */
export interface MemoryFile {
  readonly path: string;
  readonly use: 'write' | 'copy-on-write' | 'copy-on-write of a file that may not be written';
}

/** The file of the guest's disk. */
export interface DiskFile {
  readonly path: string;
  readonly format: string;
  /** whether what the guest writes goes into it; else it goes into a file that is nobody else's, and goes with QEMU */
  readonly isWritten: boolean;
  /** what it is an overlay of, whatever path it names itself */
  readonly backing?: { readonly path: string; readonly format: string } | undefined;
}

/** Where QEMU's files are, in its own file system. */
export interface MachinePaths {
  readonly disk: DiskFile;
  /** QEMU connects to it */
  readonly qmpSocket: string;
  /** QEMU connects to it */
  readonly serialSocket: string;
  readonly firmwareCode: string;
  readonly firmwareVariables: string;
  /** path of a NIC's pcap, by the name that the topology gives it */
  readonly capture: (file: string) => string;
  /** absent for memory of QEMU's own */
  readonly memory?: MemoryFile | undefined;
  /** whether QEMU waits for the state of a snapshot */
  readonly isIncoming?: boolean | undefined;
}

/** Identifier of the guest's disk in QEMU. */
export const diskId = 'disk0';

/**
 * Arguments of qemu-system-x86_64. Pure: the unit test compares the whole list, no process is started. The virtual CPU
 * does not run yet, and QEMU outlives the guest's end, so that what the guest did can be looked at.
 */
export function machineArguments(spec: MachineSpec, paths: MachinePaths): readonly string[] {
  return [
    ...['-name', spec.name, '-nodefaults', '-no-user-config', '-S'],
    ...['-action', 'shutdown=pause,panic=pause'],
    ...machineArgument(spec, paths),
    ...accelArguments(spec),
    ...['-smp', String(spec.cpus), '-m', String(spec.memoryMiB)],
    // clock=vm: the records of filter-dump then carry this start plus the virtual clock, and so can be put right
    ...['-rtc', `base=${clockBase(spec.clockStart)},clock=vm`],
    ...firmwareArguments(spec, paths),
    ...diskArguments(spec, paths),
    ...['-chardev', `socket,id=serial0,path=${escapeCommas(paths.serialSocket)}`, '-serial', 'chardev:serial0'],
    ...['-chardev', `socket,id=qmp0,path=${escapeCommas(paths.qmpSocket)}`, '-mon', 'chardev=qmp0,mode=control'],
    ...['-display', 'none', '-vga', 'std'],
    // vmgenid: has a restored guest seed its random numbers anew, as no two may have the same
    ...['-device', 'virtio-rng-pci', '-device', 'pvpanic', '-device', 'vmgenid,guid=auto'],
    ...spec.nics.flatMap((nic) => nicArguments(nic, paths)),
    ...(paths.isIncoming === true ? ['-incoming', 'defer'] : []),
    ...spec.extra,
  ];
}

function machineArgument({ machine, memoryMiB }: MachineSpec, { memory }: MachinePaths): readonly string[] {
  if (!memory) return ['-machine', machine];
  const access = {
    write: 'share=on',
    'copy-on-write': 'share=off',
    'copy-on-write of a file that may not be written': 'share=off,readonly=on,rom=off',
  }[memory.use];
  const backend = `memory-backend-file,id=ram0,size=${memoryMiB}M,mem-path=${escapeCommas(memory.path)},${access}`;
  return ['-object', backend, '-machine', `${machine},memory-backend=ram0`];
}

/** A value within an option of QEMU. */
function escapeCommas(text: string): string {
  return text.replaceAll(',', ',,');
}

/** The clock's start as QEMU reads and filter-dump uses it: whole seconds, in UTC. */
function clockBase(start: Date): string {
  return start.toISOString().slice(0, 19);
}

function accelArguments({ accel, cpu }: MachineSpec): readonly string[] {
  // tb-size bounds the translation cache, in MiB; without it QEMU takes up to 1 GiB, more than most guests have
  if (accel === 'tcg') return ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', cpu ?? 'max'];
  return ['-accel', 'kvm', '-cpu', cpu ?? 'host'];
}

function firmwareArguments({ firmware }: MachineSpec, { firmwareCode, firmwareVariables }: MachinePaths): readonly string[] {
  if (firmware === 'bios') return [];
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${firmwareCode}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${firmwareVariables}`],
  ];
}

function diskArguments({ disk, machine }: MachineSpec, paths: MachinePaths): readonly string[] {
  // a disk that fails on this machine stops the guest, which has no part in it
  const drive = ['-drive', `if=none,id=${diskId},rerror=stop,werror=stop,${driveOptions(paths.disk)}`];
  // bootindex=1, since QEMU takes 0 for a kernel that the user adds by -kernel
  const hasAhci = machine === 'q35';
  switch (disk) {
    case 'virtio':
      return [...drive, '-device', `virtio-blk-pci,drive=${diskId},bootindex=1`];
    case 'scsi':
      return [...drive, '-device', 'virtio-scsi-pci,id=scsi0', '-device', `scsi-hd,drive=${diskId},bus=scsi0.0,bootindex=1`];
    case 'ahci':
      if (hasAhci) return [...drive, '-device', `ide-hd,drive=${diskId},bus=ide.0,bootindex=1`];
      return [...drive, '-device', 'ahci,id=ahci0', '-device', `ide-hd,drive=${diskId},bus=ahci0.0,bootindex=1`];
    case 'ide': // q35 has no other ports than those of its AHCI controller
      return [...drive, '-device', `ide-hd,drive=${diskId},bus=ide.0,bootindex=1`];
  }
}

function driveOptions({ path, format, isWritten, backing }: DiskFile): string {
  return [
    `format=${format},file=${escapeCommas(path)}`,
    // nobody needs after a crash what the guest has written
    `cache=unsafe,discard=unmap,snapshot=${isWritten ? 'off' : 'on'}`,
    ...(backing
      ? [`backing.driver=${backing.format},backing.file.driver=file,backing.file.filename=${escapeCommas(backing.path)}`]
      : []),
  ].join(',');
}

/**
 * A restored virtio NIC that may have its guest announce itself, but is told to do so 0 times, has QEMU 10.0 crash when the
 * guest resets it, as every reboot does: its timer is gone by then.
 */
const modelOptions: Partial<Record<NicModel, string>> = { 'virtio-net-pci': ',guest_announce=off' };

function nicArguments({ id, netdev, mac, pciSlot, tap, capture, model }: MachineNic, paths: MachinePaths): readonly string[] {
  const address = `addr=0x${pciSlot.toString(16)}`;
  return [
    // vnet_hdr=off: else QEMU before 8.1 writes the virtio header into the capture; vhost would bypass it
    ...['-netdev', `tap,id=${netdev},ifname=${tap},script=no,downscript=no,vhost=off,vnet_hdr=off`],
    ...['-object', `filter-dump,id=${capture.id},netdev=${netdev},file=${escapeCommas(paths.capture(capture.file))}`],
    // romfile=: no network boot, which would only delay that of the disk
    ...['-device', `${model}${modelOptions[model] ?? ''},id=${id},netdev=${netdev},mac=${mac},${address},romfile=`],
  ];
}
