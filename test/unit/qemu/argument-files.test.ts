// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { argumentValues, replaceValues } from '../../../src/core/qemu-arguments.ts';
import type { FileAccess } from '../../../src/docker/index.ts';
import { findArgumentFiles } from '../../../src/qemu/argument-files.ts';
import { writeQcow2Header } from '../../support/qcow2-header.ts';

let directory: string;
let folder: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-arguments-'));
  folder = join(directory, 'images');
  await mkdir(join(folder, 'roms'), { recursive: true });
  for (const name of ['disk.qcow2', 'a', 'b', 'c,d', 'e:f', 'my file', '..f', 'roms/rom', '../elsewhere'])
    await writeFile(join(folder, name), name);
  await symlink('a', join(folder, 'link'));
  await symlink('../elsewhere', join(folder, 'out'));
  await writeQcow2Header(join(folder, 'overlay'), { backing: 'middle' });
  await writeQcow2Header(join(folder, 'middle'), { backing: '/alpy/image/base', dataFile: 'data' });
  for (const name of ['base', 'data']) await writeFile(join(folder, name), name);
  await writeQcow2Header(join(folder, 'orphan'), { backing: 'nowhere' });
  await mkdir(join(directory, 'other'));
  await writeFile(join(directory, 'other', 'base'), 'base');
  await writeQcow2Header(join(directory, 'other', 'overlay'), { backing: 'base' });
  await writeQcow2Header(join(directory, 'other', 'astray'), { backing: '../elsewhere' });
  await writeQcow2Header(join(folder, 'remote'), { backing: 'nbd://host/disk' });
  await writeFile(join(folder, 'split.vmdk'), '# Disk DescriptorFile\nversion=1\n');
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function find(
  args: readonly string[],
  access: FileAccess = { kind: 'bind' },
): Promise<{ files: readonly string[]; needsContainer: boolean; unknown: string | undefined }> {
  const { files, needsContainer, unknown } = await findArgumentFiles(args, join(folder, 'disk.qcow2'), access);
  return { files: files.map(({ path }) => relative(folder, path)), needsContainer, unknown };
}

test('arguments are parsed into options, keys and values', () => {
  const args = [
    '-drive',
    'if=none,file=a,,b=c,readonly',
    '--kernel',
    'k',
    '-blockdev',
    '{"driver":"qcow2","file":{"filename":"x"}}',
  ];
  expect(argumentValues(args)).toEqual([
    { option: 'drive', key: 'if', value: 'none' },
    { option: 'drive', key: 'file', value: 'a,b=c' },
    { option: 'drive', key: '', value: 'readonly' },
    { option: 'kernel', key: '', value: 'k' },
    { option: 'blockdev', key: 'driver', value: 'qcow2' },
    { option: 'blockdev', key: 'file.filename', value: 'x' },
  ]);
  expect(argumentValues(['-drive', 'file=json:{"driver":"raw",,"file":{"filename":"x"}}'])).toEqual([
    { option: 'drive', key: 'file.driver', value: 'raw' },
    { option: 'drive', key: 'file.file.filename', value: 'x' },
  ]);
});

describe('replaced values are escaped where they stand; other arguments do not change', () => {
  test.each([
    [
      ['-drive', 'if=none,file=a,readonly=on'],
      ['-drive', 'if=none,file=/f,,1,readonly=on'],
    ],
    [
      ['-cdrom', 'a'],
      ['-cdrom', '/f,1'],
    ],
    [
      ['-blockdev', '{"driver": "raw", "file": {"filename": "a"}, "size": 5}'],
      ['-blockdev', '{"driver":"raw","file":{"filename":"/f,1"},"size":5}'],
    ],
    [
      ['-hda', 'json:{"file":"a"}'],
      ['-hda', 'json:{"file":"/f,1"}'],
    ],
    [
      ['-drive', 'file=json:{"file":"a"},if=none'],
      ['-drive', 'file=json:{"file":"/f,,1"},if=none'],
    ],
    [
      ['-append', 'b=a,c', '-smbios', 'type=1,,2,serial=b', '-blockdev', '{ "x": 1 }', '-snapshot'],
      ['-append', 'b=a,c', '-smbios', 'type=1,,2,serial=b', '-blockdev', '{ "x": 1 }', '-snapshot'],
    ],
  ])('%j', (args, expected) => {
    expect(replaceValues(args, ({ value }) => (value === 'a' ? '/f,1' : value))).toEqual(expected);
  });
});

test('an absolute path outside the folder of the image is shown to QEMU, with the backing files beside it', async () => {
  const other = join(directory, 'other');
  const args = ['-cdrom', join(directory, 'elsewhere'), '-hda', join(other, 'overlay'), '-bios', '/usr/share/seabios/bios.bin'];
  const found = await findArgumentFiles(args, join(folder, 'disk.qcow2'), { kind: 'bind' });
  expect(found.named.map(({ path, parts }) => [path, parts.map((part) => relative(directory, part.path))])).toEqual([
    [join(directory, 'elsewhere'), ['elsewhere']],
    [join(other, 'overlay'), ['other/overlay', 'other/base']],
  ]);
  expect(found.files.map(({ path }) => relative(directory, path))).toEqual(['elsewhere', 'other/overlay', 'other/base']);
  expect(found).toMatchObject({ needsContainer: true, unknown: undefined });
  const inContainer = await findArgumentFiles(args, join(folder, 'disk.qcow2'), { kind: 'volumes-from', container: 'job' });
  expect(inContainer.named).toEqual([]);
  expect(inContainer.files.map(({ path }) => relative(directory, path))).toEqual(['elsewhere', 'other/overlay', 'other/base']);
});

test('an overlay outside the folder of the image whose backing file is not beside it cannot be compared', async () => {
  const overlay = join(directory, 'other', 'astray');
  const { unknown } = await findArgumentFiles(['-hda', overlay], join(folder, 'disk.qcow2'), { kind: 'bind' });
  expect(unknown).toMatch(/names .*other\/astray: it needs \.\.\/elsewhere, which is not a file beside it$/);
});

describe('a file in the folder of the image is found', () => {
  test.each([
    [
      ['-kernel', '/alpy/image/a', '-initrd', '/alpy/image/b', '-append', 'root=/dev/vda init=/bin/sh'],
      ['a', 'b'],
    ],
    [['-drive', 'file=/alpy/image/a,if=virtio,media=cdrom,format=raw'], ['a']],
    [['-drive', 'file=/alpy/image/c,,d,if=virtio'], ['c,d']],
    [['-initrd', '/alpy/image/c,d'], ['c,d']],
    [['-cdrom', '/alpy/image/my file'], ['my file']],
    [['-cdrom', 'alpy/image/../image/a'], ['a']],
    [['-hda', 'file:/alpy/image/a'], ['a']],
    [['-hda', '/alpy/image/e:f'], ['e:f']],
    [['-bios', '/alpy/image/roms/rom'], ['roms/rom']],
    [['-device', 'virtio-net-pci,romfile=/alpy/image/roms/rom'], ['roms/rom']],
    [['-device', 'loader,file=/alpy/image/a,addr=0x0'], ['a']],
    [['-fw_cfg', 'name=opt/org.example/config,file=/alpy/image/a'], ['a']],
    [
      ['-acpitable', 'sig=SLIC,data=/alpy/image/a:/alpy/image/b'],
      ['a', 'b'],
    ],
    [['-smbios', 'type=11,path=/alpy/image/a'], ['a']],
    [['-some-new-option', 'whatever=/alpy/image/a'], ['a']],
    [['-blockdev', '{"driver":"raw","node-name":"x","file":{"driver":"file","filename":"/alpy/image/a"}}'], ['a']],
    [['-drive', 'file=json:{"driver":"raw",,"file":{"driver":"file",,"filename":"/alpy/image/a"}}'], ['a']],
    [
      ['-drive', 'file=blkdebug:/alpy/image/a:/alpy/image/b'],
      ['a', 'b'],
    ],
    [['-hda', '/alpy/image/link'], ['a']],
    [['-hda', '/alpy/image/..f'], ['..f']],
    [
      ['-hda', '/alpy/image/overlay'],
      ['overlay', 'middle', 'base', 'data'],
    ],
  ])('%j', async (args, files) => {
    expect(await find(args)).toEqual({ files, needsContainer: false, unknown: undefined });
  });
});

test.each([
  [['-device', 'usb-ehci,id=usb', '-smp', '2', '-smbios', 'type=1,serial=ds=nocloud;s=http://10.0.2.2/']],
  [
    [
      '-append',
      'console=ttyS0 nfsroot=10.0.0.1:/export',
      '-name',
      'a/b',
      '-fw_cfg',
      'name=opt/org.example/x,string=/alpy/image/a',
    ],
  ],
  [['-object', 'rng-random,filename=/dev/urandom,id=rng1', '-D', '/alpy/run/qemu.log']],
])('%j reads no file', async (args) => {
  expect(await find(args)).toEqual({ files: [], needsContainer: false, unknown: undefined });
});

test.each([
  [['-kernel', '/usr/local/share/alpy/probe/vmlinuz']],
  [['-bios', 'OVMF.fd']],
  [['-cdrom', 'seed.iso']],
  [['-cdrom', '/home/somebody/seed.iso']],
])('%j names files that only the container image can contain', async (args) => {
  expect(await find(args)).toEqual({ files: [], needsContainer: true, unknown: undefined });
});

test.each([
  [['-cdrom', '/alpy/image/none.iso'], /names \/alpy\/image\/none\.iso: there is no .*images\/none\.iso$/],
  [['-hda', 'fat:rw:/alpy/image/roms'], /names \/alpy\/image\/roms: it is a folder$/],
  [['-virtfs', 'local,path=/alpy/image/roms,mount_tag=x,security_model=none'], /it is a folder$/],
  [['-netdev', 'user,id=u,tftp=/alpy/image/roms,bootfile=rom'], /it is a folder$/],
  [['-hda', '/alpy/image/out'], /it is a link to .*elsewhere, which QEMU cannot see$/],
  [['-hda', '/alpy/image/orphan'], /names \/alpy\/image\/nowhere: there is no /],
  [['-hda', '/alpy/image/remote'], /names nbd:\/\/host\/disk: \/alpy\/image\/remote needs it, and it is not a plain path$/],
  [['-hda', '/alpy/image/split.vmdk'], /it is a VMDK descriptor, which names other files$/],
  [['-drive', 'file=http://example.org/seed.iso'], /names http:\/\/example\.org\/seed\.iso: it is not a file of this machine$/],
  [['-drive', 'file=nbd:unix:/tmp/socket'], /it is not a file of this machine$/],
  [['-blockdev', 'driver=nbd,node-name=x,server.type=inet,server.host=h,server.port=1'], /names nbd: it is not a file$/],
  [['-hda', 'json:{"driver":"http","url":"x"}'], /names http: it is not a file$/],
  [['-cdrom', '/dev/sr0'], /names \/dev\/sr0: its content may change at any time$/],
  [['-drive', 'file=/alpy/run/x'], /its content may change at any time$/],
  [['-readconfig', '/alpy/image/a'], /it may name more files$/],
])('%j: the files of these arguments cannot all be compared', async (args, unknown) => {
  expect((await find(args)).unknown).toMatch(unknown);
});

test('with the volumes of our container, QEMU sees the same paths as we do', async () => {
  const access = { kind: 'volumes-from', container: 'own' } as const;
  expect(await find(['-kernel', join(folder, 'a'), '-initrd', join(folder, 'out')], access)).toEqual({
    files: ['a', '../elsewhere'],
    needsContainer: false,
    unknown: undefined,
  });
  expect(await find(['-kernel', join(folder, 'none')], access)).toEqual({ files: [], needsContainer: true, unknown: undefined });
});
