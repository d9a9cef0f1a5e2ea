// SPDX-License-Identifier: GPL-3.0-or-later
import { guestMemoryMiB } from '../../core/memory.ts';
import { qemuSandbox, qemuUser } from '../../core/qemu-confinement.ts';
import { quoteWord } from '../../core/text.ts';
import type { InterfaceSpec } from '../../topology/index.ts';
import { ipBatch } from '../batch.ts';
import { holdNamespace } from '../hold-namespace.ts';
import { createTap, lengthenQueue, tapMtu, turnOffOffloads, turnOn } from '../interface-commands.ts';

/** How much memory the container of a guest may use, in `MiB`: the guest's, QEMU's own, and 64 for translated code. */
export const guestContainerMiB = guestMemoryMiB + 256;

/** QEMU's monitor, in the container. */
export const monitorSocket = '/run/alpy/monitor';

const files = '/usr/local/share/alpy/guest';

/** From `nokaslr` to `rodata`: each saves some 0.4 s of the boot without KVM; see rabbit/image/builder/command-line. */
const kernelArguments = [
  ...['console=ttyS0', 'quiet', 'loglevel=1', 'net.ifnames=0', 'panic=-1', 'oops=panic'],
  ...[
    'mitigations=off',
    'nokaslr',
    'initcall_blacklist=jent_mod_init,load_system_certificate_list',
    'noreplace-smp',
    'rodata=off',
  ],
  // a module that the first `ip link add` loads must not create interfaces of its own, which would have the name that a node wants
  ...['bonding.max_bonds=0', 'dummy.numdummies=0', 'ifb.numifbs=0'],
];

/** The tap in the container for an interface of a guest, by the interface's number. Pure. */
export function guestTap(number: number): string {
  return `nic${number}`;
}

/** What QEMU calls the NIC of a guest's interface. Pure. */
export function guestNic(number: number): string {
  return `guest${number}`;
}

/**
 * Arguments of QEMU for a guest. Its commands come from the standard input and print to the standard output. Its errors and the
 * messages of its kernel go to the file descriptor 3. QEMU ends when the guest's kernel panics or the guest reboots. Pure.
 */
export function guestArguments(interfaces: readonly InterfaceSpec[], accel: 'kvm' | 'tcg'): readonly string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-machine', 'q35', '-m', String(guestMemoryMiB)],
    ...(accel === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,tb-size=64', '-cpu', 'max']),
    ...['-sandbox', qemuSandbox('deny')],
    ...['-kernel', `${files}/vmlinuz`, '-initrd', `${files}/initramfs`, '-append', kernelArguments.join(' ')],
    ...['-drive', `if=none,id=disk,format=raw,readonly=on,file=${files}/disk`, '-device', 'virtio-blk-pci,drive=disk'],
    ...['-add-fd', 'fd=3,set=1'],
    ...['-chardev', 'file,id=kernel,path=/dev/fdset/1,append=on', '-serial', 'chardev:kernel'],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...['-chardev', 'stdio,id=commands,signal=off', '-device', 'virtserialport,chardev=commands,name=commands'],
    ...['-chardev', 'file,id=errors,path=/dev/fdset/1,append=on', '-device', 'virtserialport,chardev=errors,name=errors'],
    ...['-qmp', `unix:${monitorSocket},server=on,wait=off`],
    ...interfaces.flatMap(({ mac }, number) => [
      ...['-netdev', `tap,id=net${number},ifname=${guestTap(number)},script=no,downscript=no,vnet_hdr=off`],
      ...['-device', `virtio-net-pci,id=${guestNic(number)},netdev=net${number},mac=${mac},romfile=`],
    ]),
  ];
}

/**
 * The shell program of a guest's container: creates the taps, prints the PID of a process that holds the namespace, and becomes QEMU, which
 * has no capability. Pure.
 */
export function containerProgram(interfaces: readonly InterfaceSpec[], accel: 'kvm' | 'tcg'): string {
  const taps = interfaces.map((_, number) => guestTap(number));
  const created = taps.flatMap((tap) => [createTap(tap, qemuUser), lengthenQueue(tap), turnOn(tap, tapMtu)]);
  const [user, group] = [`--reuid=${qemuUser}`, `--regid=${qemuUser}`];
  const drop = `setpriv ${user} ${group} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs`;
  return [
    'set -e',
    // it fails in a user namespace, where they belong to another user; QEMU then says whether it may open them
    `chmod a+rw ${guestDevices(accel).join(' ')} 2>/dev/null || :`,
    `mkdir -m 777 ${monitorSocket.replace(/\/[^/]+$/, '')}`,
    ipBatch(created),
    ...taps.map(turnOffOffloads),
    holdNamespace,
    'echo $holder',
    `exec ${drop} qemu-system-x86_64 ${guestArguments(interfaces, accel).map(quoteWord).join(' ')} 3>&2`,
  ].join('\n');
}

/** Devices that QEMU opens. Pure. */
export function guestDevices(accel: 'kvm' | 'tcg'): readonly string[] {
  return ['/dev/net/tun', ...(accel === 'kvm' ? ['/dev/kvm'] : [])];
}
