// SPDX-License-Identifier: GPL-3.0-or-later
// Rabbit from other kinds of files, and with further disks.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectDisks, isoImage, type DiskQuestion, type InspectedDisks } from '../../src/qemu/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Appliance, HostFacts, Testbed } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { rabbit, rabbitImage, TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let directory: string;
let unpackedDirectory: string;
let image: string;

beforeAll(async () => {
  testHost = await TestHost.open();
  directory = await mkdtemp(join(tmpdir(), 'alpy-disks-'));
  unpackedDirectory = join(directory, 'unpacked');
  image = imageNamed(testHost.facts.images, 'qemu').reference;
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Runs a command with the programs of the `qemu` image in the folder of the test. */
async function inQemuImage(command: string, input?: string): Promise<void> {
  const mounts = ['-v', `${directory}:/work`, ...(input === undefined ? [] : ['-v', `${input}:/input:ro`])];
  await execa('docker', ['run', '--rm', '--network', 'none', ...mounts, '-w', '/work', image, 'sh', '-ec', command]);
}

function inspect(question: Partial<DiskQuestion>, access: HostFacts['access'] = { kind: 'bind' }): Promise<InspectedDisks> {
  const place = { engine: testHost.engine, image, access, unpackedDirectory };
  return inspectDisks({ format: 'auto', ...question }, place);
}

async function boot(appliance: Appliance, facts: Partial<HostFacts> = {}): Promise<Testbed> {
  const testbed = await testHost.testbed(appliance, 0, { facts: { ...testHost.facts, unpackedDirectory, ...facts } });
  await testbed.dut.boot();
  return testbed;
}

/** A part of what QEMU says about a drive. */
interface BlockInfo {
  readonly device: string;
  readonly inserted?: { readonly ro: boolean };
}

describe('the image', () => {
  test.each(['vdi', 'vhdx', 'vpc', 'fixed vpc', 'streamOptimized vmdk'])('may be a %s', async (kind) => {
    const path = join(directory, kind.replace(' ', '-'));
    const [format = '', subformat] = kind.split(' ').reverse();
    await writeBlankDisk(join(directory, 'blank.raw'));
    const options = subformat === undefined ? '' : `-o subformat=${subformat}`;
    await inQemuImage(`qemu-img convert -f raw -O ${format} ${options} blank.raw ${basename(path)}`);
    const { drives } = await inspect({ image: path });
    expect(drives).toMatchObject([{ spec: { kind: 'disk' }, image: { path, format }, isUnpacked: false }]);
    expect(drives[0]!.virtualBytes).toBeGreaterThanOrEqual(1024 ** 2);
  });

  test.each([
    ['xz', 'xz -9'],
    ['bzip2', 'bzip2'],
  ])('may be compressed by %s', async (_, program) => {
    const path = join(directory, `blank.${program.slice(0, 2)}`);
    await writeBlankDisk(join(directory, 'blank.raw'));
    await inQemuImage(`${program} -kc blank.raw >${basename(path)}`);
    const { drives } = await inspect({ image: path });
    expect(drives).toMatchObject([{ source: path, isUnpacked: true, virtualBytes: 1024 ** 2 }]);
    expect(await readFile(drives[0]!.image!.path)).toEqual(await readFile(join(directory, 'blank.raw')));
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 10));
    await expect(inspect({ image: path })).rejects.toMatchObject({ code: 'ALPY_DISK_IMAGE' });
  });

  test('of an OVA boots, through a link, from a cache that is used again', async () => {
    await inQemuImage('qemu-img convert -O vmdk -o subformat=streamOptimized /input rabbit.vmdk', rabbitImage);
    const vmdk = join(directory, 'rabbit.vmdk');
    const archive = pack();
    const ovf =
      '<Envelope><References><File ovf:id="f" ovf:href="rabbit.vmdk"/></References><DiskSection><Disk ovf:fileRef="f"/></DiskSection></Envelope>';
    archive.entry({ name: 'rabbit.ovf' }, ovf);
    const entry = archive.entry({ name: 'rabbit.vmdk', size: (await stat(vmdk)).size }, () => {
      archive.finalize();
    });
    await mkdir(join(directory, 'elsewhere'));
    const written = pipeline(archive, createWriteStream(join(directory, 'elsewhere/rabbit.ova')));
    await Promise.all([pipeline(createReadStream(vmdk), entry), written]);
    await symlink('elsewhere/rabbit.ova', join(directory, 'link.ova'));
    const appliance = rabbit({ image: join(directory, 'link.ova'), disk: { bus: 'scsi', serial: 'RABBIT-1' } });
    const testbed = await boot(appliance);
    expect(await testbed.dut.shell.run('cat /sys/block/sda/device/vpd_pg80 | tail -c 8')).toMatchObject({ output: 'RABBIT-1' });
    await testbed.close();
    const unpacked = (await readdir(unpackedDirectory)).filter((name) => !name.startsWith('.'));
    const [first, second] = [await inspect({ image: appliance.image }), await inspect({ image: appliance.image })];
    expect(second).toEqual(first);
    expect((await readdir(unpackedDirectory)).filter((name) => !name.startsWith('.'))).toEqual(unpacked);
  });
});

describe('further disks', () => {
  let appliance: Appliance;

  beforeAll(async () => {
    await writeFile(join(directory, 'data.raw'), 'the data'.padEnd(65_536));
    await writeFile(join(directory, 'cd.iso'), isoImage('CD', [{ name: 'file', content: Buffer.from('content') }]));
    appliance = rabbit({
      disks: [
        { sizeMiB: 16, serial: 'EMPTY' },
        { image: join(directory, 'data.raw'), format: 'raw', readOnly: true, serial: 'DATA' },
        { sizeMiB: 8, bus: 'scsi' },
      ],
      cdroms: [join(directory, 'cd.iso')],
      provision: ['modprobe -a virtio_scsi sd_mod', 'echo written >/dev/vdb && sync'],
    });
  });

  const look =
    'cat /sys/block/vdb/serial; echo; cat /sys/block/vdb/size; head -n 1 /dev/vdb; head -c 8 /dev/vdc; cat /sys/block/vdc/ro /sys/block/sda/size';
  const seen = 'EMPTY\n32768\nwritten\nthe data1\n16384';

  test('are there if files are copied', async () => {
    const testbed = await boot(appliance, { access: { kind: 'copy' } });
    expect(await testbed.dut.shell.run(look)).toMatchObject({ output: seen });
    const blocks = (await testbed.dut.qmp.execute('query-block')) as readonly BlockInfo[];
    expect(Object.fromEntries(blocks.map(({ device, inserted }) => [device, inserted?.ro]))).toEqual({
      disk0: false,
      disk1: false,
      disk2: true,
      disk3: false,
      cdrom0: true,
    });
    await testbed.close();
  });

  test('are part of a snapshot', async () => {
    const factory = testHost.factory({ snapshots: { directory: join(directory, 'store'), maxBytes: 2 ** 32 } });
    const disk = await factory.inspectDisk(appliance);
    const provide = (): ReturnType<typeof factory.provideSnapshot> =>
      factory.provideSnapshot({ appliance, topology: resolveTopology({ links: 0 }), disk }, join(directory, 'boot'));
    const snapshot = await provide();
    expect(Object.keys(snapshot.record.files).sort()).toEqual([
      'disk.qcow2',
      'disk1.qcow2',
      'disk3.qcow2',
      'firmware.fd',
      'memory',
      'state',
    ]);
    const testbed = await testHost.testbed(appliance, 0, { start: snapshot });
    await testbed.dut.boot();
    expect(await testbed.dut.shell.run(look)).toMatchObject({ output: seen });
    expect(await testbed.dut.shell.run('echo mine >/dev/vdb && sync && head -n 1 /dev/vdb')).toMatchObject({ output: 'mine' });
    await testbed.close();
    expect((await provide()).directory).toBe(snapshot.directory);
    await writeFile(join(directory, 'data.raw'), 'other data'.padEnd(65_536));
    const changed = await factory.inspectDisk(appliance);
    const asked: string[] = [];
    const refuse = (key: string): Promise<never> => {
      asked.push(key);
      return Promise.reject(new Error('not now'));
    };
    const spec = { appliance, topology: resolveTopology({ links: 0 }), disk: changed };
    await expect(factory.provideSnapshot(spec, join(directory, 'boot'), undefined, refuse)).rejects.toThrow('not now');
    expect(asked).not.toEqual([snapshot.record.key]);
  });
});

describe('says what is wrong:', () => {
  test('a CD as a disk, a disk as a CD, an empty disk beside an image', async () => {
    const blank = join(directory, 'a.raw');
    await writeBlankDisk(blank);
    const iso = join(directory, 'a.iso');
    await writeFile(iso, isoImage('CD', []));
    const messageOf = (question: Partial<DiskQuestion>): Promise<string> =>
      inspect(question).then(String, (error: unknown) => String(error).replaceAll(directory, 'DIR'));
    expect(await messageOf({ image: iso, disk: 'virtio' })).toMatch(
      /^DiskImageError: disk image DIR\/a\.iso: expected a disk image, because appliance\.disk names a bus, got a CD image .* Remove appliance\.disk/,
    );
    expect(await messageOf({ cdroms: [blank] })).toMatch(
      /expected a CD image .* got another file\. If it is a disk image, move it/,
    );
    expect(await messageOf({ image: blank, disk: { sizeMiB: 1 } })).toMatch(
      /expected a CD image .* got a disk image\. Remove sizeMiB/,
    );
    expect(await messageOf({ disks: [{ image: join(directory, 'none') }] })).toMatch(
      /none: there is no such file\. Build it first, or correct appliance\.disks$/,
    );
    expect(await messageOf({ cdroms: [join(directory, 'none')] })).toMatch(/none: there is no such file\. .* appliance\.cdroms$/);
    expect((await inspect({ image: iso, disk: { sizeMiB: 1 } })).drives).toMatchObject([
      { spec: { kind: 'disk', bus: 'virtio' }, virtualBytes: 1024 ** 2 },
      { spec: { kind: 'cdrom' }, source: iso },
    ]);
    expect((await inspect({})).qemuVersion).toMatch(/^\d+\.\d+/);
  });

  test('a CD that does not boot', async () => {
    const iso = join(directory, 'data.iso');
    await writeFile(iso, isoImage('DATA', []));
    const appliance = rabbit({ image: iso, memoryMiB: 64, bootTimeoutMs: 1000 });
    await expect(boot(appliance)).rejects.toMatchObject({
      code: 'ALPY_BOOT',
      details: expect.arrayContaining([
        expect.objectContaining({ lines: expect.arrayContaining([expect.stringContaining('No bootable device')]) as unknown }),
      ]) as unknown,
    });
  });

  test('an unpacked overlay', async () => {
    await writeBlankDisk(join(directory, 'base.raw'));
    await inQemuImage('qemu-img create -q -f qcow2 -F raw -b base.raw overlay.qcow2 && gzip -c overlay.qcow2 >overlay.gz');
    expect(gunzipSync(await readFile(join(directory, 'overlay.gz'))).length).toBeGreaterThan(0);
    await expect(inspect({ image: join(directory, 'overlay.gz') })).rejects.toMatchObject({ code: 'ALPY_DISK_IMAGE' });
  });
});
