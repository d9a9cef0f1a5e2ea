// SPDX-License-Identifier: GPL-3.0-or-later
import { createReadStream } from 'node:fs';
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createZstdDecompress, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect } from 'vitest';
import { loadArchive, saveArchive, snapshotKey, SnapshotStore } from '../../../src/snapshot/index.ts';
import { parseRecord } from '../../../src/snapshot/record.ts';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz } from '../../support/fuzz.ts';

const record = {
  format: 2,
  key: snapshotKey({ image: 'a' }),
  appliance: 'rabbit',
  createdAt: '2026-01-01T00:00:00.000Z',
  qemuVersion: '10.0.13',
  virtualMs: 1234.5,
  inputs: { image: 'a' },
} as const;
const leases = { node0: [{ address: '192.168.1.128', mac: '52:54:00:a1:00:00' }] };
const whole = { ...record, files: { memory: { bytes: 4, sha256: 'a' } }, leases };

fuzz(
  'a record of a snapshot is read or ignored, and names only files of its folder',
  [brokenJson(whole)],
  (value) => {
    const parsed = parseRecord(JSON.stringify(value));
    for (const name of Object.keys(parsed?.files ?? {})) expect(name).toMatch(/^[A-Za-z0-9][\w.-]*$/);
    for (const { address } of Object.values(parsed?.leases ?? {}).flat()) expect(typeof address).toBe('string');
  },
  { examples: [[{ ...whole, files: { '../../etc/passwd': { bytes: 1, sha256: 'a' } } }]] },
);

fuzz('text that is no record is ignored', [brokenBytes(JSON.stringify(whole))], (bytes) => {
  parseRecord(bytes.toString());
});

fuzz(
  'a store with a damaged record does not use the snapshot',
  [
    fc.oneof(
      brokenJson(whole).map((one) => Buffer.from(JSON.stringify(one))),
      brokenBytes(JSON.stringify(whole)),
    ),
  ],
  async (content) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const store = new SnapshotStore(folder.path, 1e6);
    const draft = await store.begin(100);
    await writeFile(join(draft, 'memory'), 'true');
    const { directory } = await store.commit(draft, record, ['memory']);
    await writeFile(join(directory, 'snapshot.json'), content);
    await allowingErrors(() => store.list());
    await allowingErrors(() => store.find(record.key));
  },
  { runs: 10 },
);

/** The tar archive in a file of `alpy snapshot save`. */
async function archiveOf(): Promise<Buffer> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
  const store = new SnapshotStore(join(folder.path, 'store'), 1e6);
  const draft = await store.begin(100);
  await writeFile(join(draft, 'memory'), 'true');
  const file = join(folder.path, 'archive');
  await saveArchive(await store.commit(draft, record, ['memory']), file);
  return await buffer(createReadStream(file).pipe(createZstdDecompress()));
}

const tar = await archiveOf();
/** The archive with other bytes in its first header, whose checksum is right. */
function withHeader(archive: Buffer, at: number, by: Uint8Array): Buffer {
  const bytes = Buffer.from(archive);
  bytes.set(by.subarray(0, 512 - at), at);
  bytes.write('        ', 148); // the checksum counts as blanks
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(sum.toString(8).padStart(6, '0'), 148);
  return bytes;
}

const header = fc.record({
  at: fc.nat(511),
  by: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    anyText.map((text) => Buffer.from(text)),
  ),
});
const brokenTar = fc.oneof(
  brokenBytes(tar),
  header.map(({ at, by }) => withHeader(tar, at, by)),
);
const file = fc.oneof(
  brokenTar.map((bytes) => zstdCompressSync(bytes)),
  brokenBytes(zstdCompressSync(tar)),
);

fuzz(
  'an archive is loaded or refused, writes only into the store, and leaves no draft',
  [file],
  async (content) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const path = join(folder.path, 'archive');
    await writeFile(path, content);
    const store = new SnapshotStore(join(folder.path, 'store'), 1e6);
    const loaded = await allowingErrors(() => loadArchive(store, path));
    expect((await readdir(folder.path)).sort()).toEqual(['archive', 'store']);
    expect(await readdir(join(folder.path, 'store'))).toEqual(['saved']);
    if (loaded) expect(await readFile(join(loaded.directory, 'memory'), 'utf8')).toBe('true');
  },
  { runs: 15, examples: [[zstdCompressSync(withHeader(tar, 124, Buffer.from([0xf0, 0, 1])))]] },
);
