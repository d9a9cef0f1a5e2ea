// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { imageReferences } from '../../../src/qemu/image-references.ts';
import { allowingErrors, brokenBytes, fuzz } from '../../support/fuzz.ts';
import { writeQcow2Header } from '../../support/qcow2-header.ts';

const names = { backing: 'base.qcow2', backingFormat: 'qcow2', dataFile: 'data.raw' };

async function headerOf(files: Parameters<typeof writeQcow2Header>[1]): Promise<Buffer> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
  const path = join(folder.path, 'disk');
  await writeQcow2Header(path, files);
  return await readFile(path);
}

async function referencesOf(content: Uint8Array): Promise<Awaited<ReturnType<typeof imageReferences>>> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
  const path = join(folder.path, 'disk');
  await writeFile(path, content);
  return await imageReferences(path);
}

const valid = (await headerOf(names)).subarray(0, 1100); // the part that says something
const field = fc.record({ at: fc.nat(200), value: fc.integer({ min: 0, max: 0xffffffff }) });
const withFields = fc.array(field, { maxLength: 4 }).map((fields) => {
  const header = Buffer.from(valid);
  for (const { at, value } of fields) header.writeUInt32BE(value, at);
  return header;
});
const others = ['QED\0\x01', '# Disk DescriptorFile\nparentCID=ffffffff', 'KDMV\nparentCID=12345678\n', 'QFI\xfb'];

fuzz('any header of a disk image is read', [fc.oneof(withFields, brokenBytes(valid, ...others))], async (header) => {
  const found = await allowingErrors(() => referencesOf(header));
  expect(found?.names.every((name) => Buffer.byteLength(name) <= 3 * 65_536)).toBe(true);
});

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).filter((text) => text.isWellFormed());

fuzz(
  'the names in a header are found',
  [fc.record({ backing: name, backingFormat: name, dataFile: name })],
  async (files) => {
    const { names: found, backingFormat } = await referencesOf(await headerOf(files));
    expect({ found, backingFormat }).toEqual({ found: [files.backing, files.dataFile], backingFormat: files.backingFormat });
  },
  { runs: 50 },
);
