// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { machineArguments, type MachinePaths, type MachineSpec } from '../../../src/qemu/machine.ts';
import { resolveTopology } from '../../../src/topology/index.ts';

const paths: MachinePaths = {
  drive: () => ({ path: '/i/d.raw', format: 'raw', isWritten: false }),
  qmpSocket: '/qmp',
  serialSocket: '/serial',
  firmwareCode: '/code.fd',
  firmwareVariables: '/vars.fd',
  capture: (file) => `/run/${file}`,
  placeOf: (path) => path,
};
const spec: MachineSpec = {
  name: 'rabbit',
  machine: 'q35',
  accel: 'tcg',
  cpus: 1,
  memoryMiB: 256,
  firmware: 'bios',
  drives: [{ kind: 'disk', bus: 'virtio' }],
  nics: [],
  clockStart: new Date('2026-03-04T05:06:07.890Z'),
  extra: [],
};
const all = (changes: Partial<MachineSpec>): string => machineArguments({ ...spec, ...changes }, paths).join(' ');
const at = (changes: Partial<MachinePaths>): string => machineArguments(spec, { ...paths, ...changes }).join(' ');
test('all arguments of a machine with two NICs, UEFI and an argument by the user', () => {
  const [first, second] = ([0, 1] as const).map((index) => ({
    id: `nic${index}`,
    netdev: `net${index}`,
    mac: `52:54:00:a1:00:0${index}`,
    pciBus: 'root' as const,
    pciSlot: 0x10 + index,
    tap: `tap${index}`,
    capture: { id: `capture${index}`, file: `link${index}.pcap` },
  }));
  const nics = [
    { ...first!, model: 'virtio-net-pci' },
    { ...second!, model: 'e1000' },
  ] as const;
  expect(machineArguments({ ...spec, firmware: 'uefi', nics, extra: ['-snapshot'] }, paths)).toEqual([
    ...['-name', 'rabbit', '-nodefaults', '-no-user-config', '-S'],
    ...['-action', 'shutdown=pause,panic=pause'],
    ...['-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max'],
    ...['-smp', '1', '-m', '256'],
    ...['-rtc', 'base=2026-03-04T05:06:07,clock=vm'],
    ...['-drive', 'if=pflash,unit=0,format=raw,readonly=on,file=/code.fd'],
    ...['-drive', 'if=pflash,unit=1,format=raw,file=/vars.fd'],
    ...['-drive', 'if=none,id=disk0,rerror=stop,werror=stop,format=raw,file=/i/d.raw,cache=unsafe,discard=unmap,snapshot=on'],
    ...['-device', 'virtio-blk-pci,drive=disk0,bootindex=1'],
    ...['-chardev', 'socket,id=serial0,path=/serial', '-serial', 'chardev:serial0'],
    ...['-chardev', 'socket,id=qmp0,path=/qmp', '-mon', 'chardev=qmp0,mode=control'],
    ...['-display', 'none', '-vga', 'std'],
    ...['-device', 'virtio-rng-pci', '-device', 'pvpanic', '-device', 'vmgenid,guid=auto'],
    ...['-netdev', 'tap,id=net0,ifname=tap0,script=no,downscript=no,vhost=off,vnet_hdr=off'],
    ...['-object', 'filter-dump,id=capture0,netdev=net0,file=/run/link0.pcap'],
    ...['-device', 'virtio-net-pci,guest_announce=off,id=nic0,netdev=net0,mac=52:54:00:a1:00:00,addr=0x10,romfile='],
    ...['-netdev', 'tap,id=net1,ifname=tap1,script=no,downscript=no,vhost=off,vnet_hdr=off'],
    ...['-object', 'filter-dump,id=capture1,netdev=net1,file=/run/link1.pcap'],
    ...['-device', 'e1000,id=nic1,netdev=net1,mac=52:54:00:a1:00:01,addr=0x11,romfile='],
    '-snapshot',
  ]);
});

test('a kernel, files in fw_cfg and SMBIOS tables', () => {
  expect(all({ kernel: '/k', initrd: '/i', kernelArgs: 'a=1, b' })).toContain(' -kernel /k -initrd /i -append a=1, b ');
  const files = { 'opt/a': '/f,1', 'opt/b': { text: 'x,y' } };
  expect(all({ files })).toContain(' -fw_cfg name=opt/a,file=/f,,1 -fw_cfg name=opt/b,string=x,,y ');
  const smbios = {
    serial: 'A,1',
    product: 'p',
    bios: { vendor: 'v' },
    board: {},
    chassis: { asset: 'c' },
    oemStrings: ['one', 'two'],
  };
  expect(all({ smbios })).toContain(
    ' -smbios type=0,vendor=v -smbios type=1,serial=A,,1,product=p -smbios type=3,asset=c -smbios type=11,value=one,value=two ',
  );
});

test('each firmware', () => {
  const file = { file: '/rom' };
  expect(all({ firmware: file })).toContain(' -bios /rom ');
  expect(all({ firmware: { ...file, variables: '/v' } })).toContain(
    ' -drive if=pflash,unit=0,format=raw,readonly=on,file=/code.fd -drive if=pflash,unit=1,format=raw,file=/vars.fd ',
  );
  const secure = all({ firmware: 'uefi-secure-boot' });
  expect(secure).toContain(' -machine q35,smm=on ');
  expect(secure).toContain(' -global driver=cfi.pflash01,property=secure,value=on ');
});

test('each place of the console', () => {
  expect(all({ console: 'serial' })).toBe(all({}));
  expect(all({ console: 'firmware' })).toBe(all({}).replace('-machine q35', '-machine q35,graphics=off'));
  expect(all({ console: 'virtio' })).toContain(
    ' -chardev socket,id=serial0,path=/serial -device virtio-serial-pci -device virtconsole,chardev=serial0 ',
  );
  expect(all({ console: 'virtio' })).not.toContain('-serial ');
});

test('a TPM is on the bus that the machine has for it', () => {
  const withTpm = (machine: MachineSpec['machine']): string =>
    machineArguments({ ...spec, machine, tpm: '2.0' }, { ...paths, tpmSocket: '/tpm' }).join(' ');
  const chardev = ' -chardev socket,id=tpm0,path=/tpm -tpmdev emulator,id=tpm0,chardev=tpm0 ';
  expect(withTpm('q35')).toContain(`${chardev}-device tpm-tis,tpmdev=tpm0`);
  expect(withTpm('virt')).toContain(`${chardev}-device tpm-tis-device,tpmdev=tpm0`);
});

test('a microvm has no PCI device, and an ARM machine no device of a PC', () => {
  const nics = resolveTopology({ links: 16 }).duts[0].nics.map((nic) => ({ ...nic, model: 'virtio-net-pci' as const }));
  const microvm = all({ machine: 'microvm', console: 'virtio', nics });
  expect(microvm).not.toMatch(/-pci|-vga|romfile|addr=|pvpanic|vmgenid/);
  const places = [...microvm.matchAll(/virtio-net-device,\S+,mac=52:54:00:a1:00:(..),bus=virtio-mmio-bus\.(\d+)/g)];
  expect(places.map(([, link, place]) => `${link} ${place}`)).toEqual(
    nics.map(({ mac }, index) => `${mac.slice(-2)} ${15 - index}`), // Linux finds the last place first
  );
  const virt = all({ machine: 'virt', firmware: 'uefi' });
  expect(virt).not.toMatch(/-vga|vmgenid|smm/);
  expect(virt).toContain(' -machine virt -accel tcg,thread=multi,tb-size=256 -cpu neoverse-n1 ');
});

test('a machine with BIOS and without NICs has neither firmware files nor taps', () => {
  expect(all({})).not.toMatch(/pflash|netdev/);
});

test('a machine that boots from the network tries its NICs, then its disk', () => {
  const { nics } = resolveTopology({ links: 2 }).duts[0];
  const text = all({ boot: 'network', nics: nics.map((nic) => ({ ...nic, model: 'e1000' })) });
  expect(text).toContain(' -device virtio-blk-pci,drive=disk0,bootindex=3 ');
  expect(text.match(/-device e1000,\S*/g)).toEqual([
    '-device e1000,id=nic0,netdev=net0,mac=52:54:00:a1:00:00,addr=0x10,bootindex=1',
    '-device e1000,id=nic1,netdev=net1,mac=52:54:00:a1:00:01,addr=0x11,bootindex=2',
  ]);
});

test('a seed is a drive after the disk', () => {
  expect(at({ seed: '/s.iso' })).toContain(
    'virtio-blk-pci,drive=disk0,bootindex=1 -drive if=none,id=seed0,format=raw,readonly=on,file=/s.iso -device virtio-blk-pci,drive=seed0 ',
  );
});

test('the processor is the configured one, or the best of the accelerator', () => {
  expect(all({ accel: 'kvm' })).toContain(' -accel kvm -cpu host ');
  expect(all({ accel: 'kvm', cpu: 'Haswell' })).toContain(' -accel kvm -cpu Haswell ');
  expect(all({ cpu: 'qemu64' })).toContain(',tb-size=256 -cpu qemu64 ');
});

test('the machine that makes a snapshot writes to its memory file; restored machines copy on write', () => {
  const memory = (use: NonNullable<MachinePaths['memory']>['use']): string => at({ memory: { path: '/s,1/memory', use } });
  const backend = '-object memory-backend-file,id=ram0,size=256M,mem-path=/s,,1/memory';
  expect(memory('write')).toContain(`${backend},share=on -machine q35,memory-backend=ram0`);
  expect(memory('copy-on-write')).toContain(`${backend},share=off -machine`);
  expect(memory('copy-on-write of a file that may not be written')).toContain(
    `${backend},share=off,readonly=on,rom=off -machine`,
  );
  expect(at({})).not.toContain('memory-backend');
});

test('a restored machine waits for its state, and its disk is an overlay of the image at its current path', () => {
  const disk = { path: '/s/disk.qcow2', format: 'qcow2', backing: { path: '/i/a,b.raw', format: 'raw' } };
  const text = at({ isIncoming: true, drive: () => ({ ...disk, isWritten: false }) });
  expect(text).toContain('-incoming defer');
  const backing = 'backing.driver=raw,backing.file.driver=file,backing.file.filename=/i/a,,b.raw';
  expect(text).toContain(`format=qcow2,file=/s/disk.qcow2,cache=unsafe,discard=unmap,snapshot=on,${backing} `);
  expect(at({ drive: () => ({ ...disk, isWritten: true }) })).toContain(`discard=unmap,snapshot=off,${backing} `);
});
