// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { Appliance } from '../../../src/config/schema.ts';

const existing = new Set(['/project/rabbit/seed.iso', '/project/rabbit/sub/a,b.img']);

function applianceOf(appliance: Readonly<Record<string, unknown>>, variables: Readonly<Record<string, string>> = {}): Appliance {
  const raw = { appliance: { image: 'disk.qcow2', ...appliance } };
  const isFile = (path: string): boolean => existing.has(path);
  return resolveConfig({ file: '/project/rabbit/alpy.yaml', raw, variables, directory: '/project', isFile }).config.devices[0]
    .appliance;
}

test('paths are relative to the file, those in variables to the current directory', () => {
  const appliance = applianceOf({ kernel: 'vmlinuz', initrd: '/boot/initrd' }, { ALPY_APPLIANCE_KERNEL: 'build/vmlinuz' });
  expect(appliance).toMatchObject({ kernel: '/project/build/vmlinuz', initrd: '/boot/initrd' });
});

test('paths of firmware, and of files in fw_cfg, are relative to the file, too', () => {
  const files = { 'opt/a': 'a.json', 'opt/b': { text: 'a.json' } };
  expect(applianceOf({ firmware: { file: 'rom', variables: '/v' }, files })).toMatchObject({
    firmware: { file: '/project/rabbit/rom', variables: '/v' },
    files: { 'opt/a': '/project/rabbit/a.json', 'opt/b': { text: 'a.json' } },
  });
});

test('a file that `qemuArgs` names is relative to the file; other names stay as they are', () => {
  const qemuArgs = [
    '-cdrom',
    'seed.iso',
    '-drive',
    'if=none,file=sub/a,,b.img',
    '-bios',
    'bios-256k.bin',
    '-device',
    'x,romfile=',
  ];
  expect(applianceOf({ qemuArgs }).qemuArgs).toEqual([
    ...['-cdrom', '/project/rabbit/seed.iso', '-drive', 'if=none,file=/project/rabbit/sub/a,,b.img'],
    ...['-bios', 'bios-256k.bin', '-device', 'x,romfile='],
  ]);
  expect(applianceOf({ qemuArgs: ['-kernel', './none', '-append', './seed.iso'] }).qemuArgs).toEqual([
    ...['-kernel', '/project/rabbit/none', '-append', './seed.iso'],
  ]);
});

test('the ROM of a NIC is relative to the file', () => {
  expect(applianceOf({ nics: [{}, { rom: 'ipxe.rom' }] }).nics).toEqual([{}, { rom: '/project/rabbit/ipxe.rom' }]);
});
