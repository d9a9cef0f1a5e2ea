// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isoImage } from '../../../src/qemu/iso9660.ts';

const files = [
  { name: 'user-data', content: Buffer.from('#cloud-config\nhostname: x\n') },
  { name: 'meta-data', content: Buffer.from('instance-id: a\n') },
  { name: 'network-config', content: Buffer.alloc(5000, 'A') },
];

/** Reads an image as a program without Rock Ridge does: from the volume descriptor to the root folder to the files. */
function read(image: Buffer): { readonly label: string; readonly files: Readonly<Record<string, string>> } {
  const descriptor = image.subarray(16 * 2048, 17 * 2048);
  expect(descriptor.toString('latin1', 0, 7)).toBe('\x01CD001\x01');
  expect(descriptor.readUInt32LE(80) * 2048).toBe(image.length);
  const start = descriptor.readUInt32LE(158) * 2048;
  const folder = image.subarray(start, start + descriptor.readUInt32LE(166));
  const found: Record<string, string> = {};
  for (let at = 0; folder[at]; at += folder[at]!) {
    const [sector, bytes] = [folder.readUInt32LE(at + 2), folder.readUInt32LE(at + 10)];
    const name = folder.toString('latin1', at + 33, at + 33 + folder[at + 32]!);
    if (name.length > 1) found[name] = image.toString('latin1', sector * 2048, sector * 2048 + bytes);
  }
  return { label: descriptor.toString('latin1', 40, 72).trimEnd(), files: found };
}

test('an image has its label and its files', () => {
  expect(read(isoImage('CIDATA', files))).toEqual({
    label: 'CIDATA',
    files: {
      'META-DATA.;1': 'instance-id: a\n',
      'NETWORK-CONFIG.;1': 'A'.repeat(5000),
      'USER-DATA.;1': '#cloud-config\nhostname: x\n',
    },
  });
});

test('an image has the bytes of one that isoinfo, bsdtar and blkid have read, whatever the order of its files', () => {
  const digest = (image: Buffer): string => createHash('sha256').update(image).digest('hex');
  const known = 'f15788b681aaf31c38b314c10b69465cefbef020ac5ee81e544b5bbc1ca361b5';
  expect(digest(isoImage('CIDATA', files))).toBe(known);
  expect(digest(isoImage('CIDATA', files.toReversed()))).toBe(known);
});

test('an empty file is in the folder and takes no sector', () => {
  const image = isoImage('CIDATA', [{ name: 'user-data', content: Buffer.alloc(0) }]);
  expect(image.length).toBe(21 * 2048);
  expect(read(image).files).toEqual({ 'USER-DATA.;1': '' });
});
