// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownIdentity } from '../../../src/core/identity.ts';
import { withSink } from '../../../src/core/step.ts';
import type { Engine } from '../../../src/docker/index.ts';
import { DiskImageError } from '../../../src/qemu/errors.ts';
import { feed } from '../../../src/qemu/unpack/decompress.ts';
import { acquireLock } from '../../../src/qemu/unpack/lock.ts';
import { wholeFile } from '../../../src/qemu/unpack/part.ts';
import { assertSpace, SparseFile } from '../../../src/qemu/unpack/sparse-file.ts';
import { listTar } from '../../../src/qemu/unpack/tar.ts';
import { unpackImage } from '../../../src/qemu/unpack/unpack-image.ts';
import { smallZip } from '../../support/small-zip.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-unpack-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const disk = Buffer.concat([Buffer.from('a disk'), Buffer.alloc(300_000), Buffer.from('its end')]);

/** Unpacks a file. The container runs for none of these formats. */
async function unpack(name: string, content: Buffer, lines: string[] = []): Promise<Buffer> {
  const path = join(directory, name);
  await writeFile(path, content);
  const place = {
    engine: {} as Engine,
    image: '',
    access: { kind: 'bind' },
    unpackedDirectory: join(directory, 'images'),
  } as const;
  const sink = (event: { kind: string; text?: string }): void => {
    if (event.kind === 'log') lines.push(event.text ?? '');
  };
  return readFile(await withSink(sink, () => unpackImage(path, place)));
}

/** The error's message without the name of the file, with `DIR` for the folder. */
async function problem(name: string, content: Buffer): Promise<string> {
  const error: unknown = await unpack(name, content).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DiskImageError);
  const { message } = error as Error;
  return message.slice(message.indexOf(': ') + 2).replaceAll(directory, 'DIR');
}

async function tarOf(files: Readonly<Record<string, Buffer | string | Partial<Header>>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string' || Buffer.isBuffer(content)) archive.entry({ name }, content);
    else archive.entry({ name, ...content }, '');
  }
  archive.finalize();
  return buffer(archive);
}

/** The archive with another type for its first entry. */
function withType(archive: Buffer, type: string): Buffer {
  archive.write(type, 156);
  archive.write('        ', 148);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return archive;
}

const ovf = (disks: readonly string[]): string => `<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References>${['b.vmdk', 'a.vmdk'].map((name) => `<File ovf:href="${name}" ovf:id="file-${name}" ovf:size="9"/>`).join('')}</References>
  <DiskSection>${disks.map((name) => `<Disk ovf:capacity="1" ovf:diskId="d" ovf:fileRef="file-${name}" />`).join('')}</DiskSection>
</Envelope>`;

describe('unpacks', () => {
  test.each([
    ['gzip', 'a.qcow2.gz', () => gzipSync(disk)],
    ['gzip in two pieces', 'a.qcow2.gz', () => Buffer.concat([gzipSync(disk.subarray(0, 1000)), gzipSync(disk.subarray(1000))])],
    ['zstd', 'a.img.zst', () => zstdCompressSync(disk)],
    ['a deflated file in a zip', 'a.zip', () => smallZip({ 'a/disk.img': disk })],
    ['a stored file in a zip', 'a.zip', () => smallZip({ 'disk.bin': disk }, { method: 0 })],
    ['a zip with sizes of 64 bits', 'a.zip', () => smallZip({ 'a.txt': 'a', 'disk.img': disk }, { is64: true })],
    ['the only disk in a zip', 'a.zip', () => smallZip({ 'README.txt': 'read me', 'disk.qcow2': disk, '.DS_Store': 'x' })],
    ['an archive in an archive', 'a.zip', async () => smallZip({ 'vm.ova': await tarOf({ 'disk.vmdk.gz': gzipSync(disk) }) })],
    ['a compressed tar archive', 'a.tar.gz', async () => gzipSync(await tarOf({ './disk.raw': disk }))],
    ['a tar archive with something after its end', 'a.tar', async () => Buffer.concat([await tarOf({ 'a.img': disk }), disk])],
    ['a file with a long name in a tar archive', 'a.tar', () => tarOf({ [`${'x'.repeat(150)}/${'y'.repeat(99)}.img`]: disk })],
  ])('%s', async (_, name, content) => {
    expect((await unpack(name, await content())).equals(disk)).toBe(true);
  });

  test('the disk that the OVF of an OVA names first, and says so', async () => {
    const lines: string[] = [];
    const files = { 'vm.ovf': ovf(['a.vmdk', 'b.vmdk']), 'b.vmdk': 'second', 'a.vmdk': 'first' };
    expect(String(await unpack('vm.ova', await tarOf(files), lines))).toBe('first');
    expect(lines).toContain(
      'vm.ova contains 2 disks, and a.vmdk is used, which its description names first. To use the others, unpack it, and list them in appliance.disks',
    );
  });

  test('zeros as holes', async () => {
    const zeros = Buffer.alloc(32 * 1024 ** 2);
    await unpack('a.gz', gzipSync(zeros));
    const [key = ''] = (await readdir(join(directory, 'images'))).filter((name) => !name.startsWith('.'));
    const { size, blocks } = await stat(join(directory, 'images', key, 'disk'));
    expect([size, blocks * 512 < 1024 ** 2]).toEqual([zeros.length, true]);
  });

  test('the same content only once, whatever the name of the file', async () => {
    const lines: string[] = [];
    const content = gzipSync(disk);
    await Promise.all(['a.gz', 'b.gz', 'c.gz'].map((name) => unpack(name, content, lines)));
    await unpack('d.gz', content, lines);
    expect(lines.filter((line) => line.startsWith('unpacked'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('unpacking '))).toHaveLength(1);
    expect((await readdir(join(directory, 'images'))).filter((name) => name !== '.hashes.json')).toHaveLength(1);
  });
});

describe('says what is wrong with', () => {
  test('a file that is cut short or damaged', async () => {
    const cut = 'expected more compressed data, got the end of the file. Was its copy or download cut short?';
    expect(await problem('a.gz', gzipSync(disk).subarray(0, -20))).toBe(cut);
    expect(await problem('a.zst', zstdCompressSync(disk).subarray(0, -5))).toBe(cut);
    expect(await problem('a.zip', smallZip({ 'a.img': disk }).subarray(0, -30))).toBe(
      'the zip archive has no end. Was its copy or download cut short?',
    );
    expect(await problem('a.tar', (await tarOf({ 'a.img': disk })).subarray(0, 2000))).toBe(
      'the archive ends within a.img. Was its copy or download cut short?',
    );
    const noDirectory = smallZip({ 'a.img': disk });
    noDirectory.write('XX', noDirectory.indexOf('PK\x01\x02'));
    expect(await problem('b.zip', noDirectory)).toMatch(/^the zip archive is damaged \(.*\)\. Download it again$/);
    const damaged = gzipSync(disk);
    damaged.fill(0xff, 20, 30);
    expect(await problem('b.gz', damaged)).toMatch(/^its compressed data is damaged \(.*\)\. Copy or download it again$/);
    expect((await readdir(join(directory, 'images'))).filter((name) => name !== '.hashes.json')).toEqual([]);
  });

  test('an archive without a disk, or with several', async () => {
    expect(await problem('vm.ova', await tarOf({ 'vm.ovf': ovf([]), 'vm.mf': 'sums' }))).toBe(
      "expected a disk in the OVA's description, got none: vm.ovf, vm.mf. Ask its vendor for one with a disk",
    );
    expect(await problem('vm.ova', await tarOf({ 'vm.ovf': ovf(['a.vmdk']), 'b.vmdk': 'b' }))).toBe(
      "expected the disk a.vmdk, which the OVA's description names, got vm.ovf, b.vmdk. Download it again, or ask its vendor",
    );
    expect(await problem('a.zip', smallZip({ 'a.qcow2': 'a', 'b.qcow2': 'b', 'c.txt': 'c' }))).toBe(
      'expected one disk image in the archive, got 2 of them: a.qcow2, b.qcow2. Unpack it, and set appliance.image to the disk, and appliance.disks to the others',
    );
    expect(await problem('a.zip', smallZip({ 'a.txt': 'a', 'b.txt': 'b' }))).toBe(
      'expected one disk image in the archive, got a.txt, b.txt. Unpack it, and set appliance.image to the disk',
    );
  });

  test('an archive that alpy cannot unpack', async () => {
    expect(await problem('a.zip', smallZip({ 'a.img': 'a' }, { isEncrypted: true }))).toMatch(
      /^a\.img .* is encrypted\. Unpack it/,
    );
    expect(await problem('a.zip', smallZip({ 'a.img': 'a' }, { method: 14 }))).toMatch(/got compression method 14\. Unpack it/);
    const strong = smallZip({ 'a.img': 'a' });
    strong.writeUInt16LE(0x41, strong.indexOf('PK\x01\x02') + 8);
    expect(await problem('b.zip', strong)).toBe(
      'strong encryption is not supported. Unpack it, and set appliance.image to the disk in it',
    );
    const split = smallZip({ 'a.img': 'a' });
    split.writeUInt16LE(1, split.length - 18);
    expect(await problem('c.zip', split)).toMatch(/^multi-disk zip files are not supported.*\. Unpack it/);
    expect(await problem('a.tar', await tarOf({ 'a.img': { pax: { 'GNU.sparse.major': '1' }, size: 0 } }))).toBe(
      'a.img is stored as a sparse file. Make the archive without the option --sparse of tar',
    );
    expect(await problem('b.tar', withType(await tarOf({ 'a.img': 'a' }), 'S'))).toBe(
      'a.img is stored as a sparse file. Make the archive without the option --sparse of tar',
    );
    expect(await problem('a.gz', gzipSync(Buffer.from("7z\xbc\xaf'\x1c", 'latin1')))).toBe(
      'it is a 7z archive. Unpack it with 7z x, and set appliance.image to the disk in it',
    );
  });
});

test('a slow program gets all of a large file, and the stream gets no listener for each piece', async () => {
  const [stdin, pieces] = [new PassThrough({ highWaterMark: 1 }), 200];
  let listeners = 0;
  const source = async function* (): AsyncGenerator<Buffer> {
    for (let index = 0; index < pieces; index += 1) {
      listeners = Math.max(listeners, stdin.listenerCount('close'), stdin.listenerCount('error'));
      yield await Promise.resolve(Buffer.from('piece'));
    }
  };
  const received = buffer(stdin);
  await feed(source(), stdin, Promise.withResolvers<void>().promise);
  stdin.end();
  expect((await received).length).toBe(pieces * 5);
  expect(listeners).toBeLessThan(10);
});

test('a lock of a process that has died does not count', async () => {
  const path = join(directory, 'lock');
  await writeFile(path, ownIdentity()!.replace(/\d+ \d+$/, '4194304 1'));
  await using lock = await acquireLock(path, 'unpacks', AbortSignal.timeout(20_000));
  expect(lock).toHaveProperty('renew');
});

test('a file that becomes too large, or for which there is no space, is not written', async () => {
  await using file = await SparseFile.create(join(directory, 'file'), 100_000);
  await file.write(Buffer.alloc(100_000));
  await expect(file.write(Buffer.alloc(1))).rejects.toThrow(
    /^expected at most 1 GiB after unpacking, got more\. If that is right/,
  );
  await expect(assertSpace(directory, 2 ** 60)).rejects.toThrow(
    /^expected 1099511628032 MiB on the disk of \/tmp.* to unpack it, got \d+ MiB\. Free some, or remove what alpy has stored there: alpy snapshot prune --all$/,
  );
});

describe('a hostile archive', () => {
  test('a link in it is not followed, and a name in it is no path', async () => {
    const links = await tarOf({
      'disk.img': { type: 'symlink', linkname: '/etc/passwd' },
      'b.img': { type: 'link', linkname: 'disk.img' },
    });
    expect(await problem('a.tar', links)).toBe(
      'expected one disk image in the archive, got no file. Unpack it, and set appliance.image to the disk',
    );
    expect((await unpack('b.tar', await tarOf({ '../../../escaped.img': disk }))).equals(disk)).toBe(true);
    expect((await unpack('b.zip', smallZip({ '/escaped.img': disk }))).equals(disk)).toBe(true);
    expect((await readdir(directory)).sort()).toEqual(['a.tar', 'b.tar', 'b.zip', 'images']);
  });

  test('archives inside each other, and a size that no file can have, are refused', async () => {
    let content: Buffer = disk;
    for (let layer = 0; layer < 6; layer += 1) content = gzipSync(content);
    expect(await problem('a.gz', content)).toBe('expected at most 4 archives inside each other, got more');
    const lying = await tarOf({ 'a.img': disk });
    lying.write('77777777777', 124, 'latin1');
    expect(await problem('a.tar', lying)).toBe('the archive is damaged. Download it again');
    expect(await problem('b.tar', await tarOf({ 'a.img': { pax: { size: '9'.repeat(30) }, size: 0 } }))).toBe(
      'the archive ends within a.img. Was its copy or download cut short?',
    );
    const far = smallZip({ 'a.img': disk }, { is64: true });
    far.fill(0xff, far.length - 34, far.length - 26);
    expect(await problem('b.zip', far)).toMatch(/^the zip archive is damaged/);
  });

  test('too many files are refused', async () => {
    const files = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`f${index}`, '']));
    expect(await problem('a.zip', smallZip(files, { method: 0 }))).toBe('expected at most 10000 files in the archive, got more');
    const path = join(directory, 'a.tar');
    await writeFile(path, await tarOf({ a: '', b: '', c: '' }));
    const part = await wholeFile(path, '');
    await expect(listTar(part, 3)).resolves.toHaveLength(3);
    await expect(listTar(part, 2)).rejects.toThrow(/^expected at most 2 entries in the archive, got more$/);
  });
});
