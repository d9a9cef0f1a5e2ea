// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadArchive, saveArchive, snapshotKey, SnapshotStore, type Snapshot } from '../../../src/snapshot/index.ts';

let directory: string;
let store: SnapshotStore;
const mebibyte = 1024 ** 2;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-store-'));
  store = new SnapshotStore(join(directory, 'store'), 10 * mebibyte);
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const inputsOf = (image: string): Record<string, string> => ({ image, qemu: '10' });

/** A snapshot with 1 MiB of memory, last used so many minutes ago. */
async function save(image: string, agoMinutes = 0, into = store): Promise<Snapshot> {
  const draft = await into.begin(mebibyte);
  await writeFile(join(draft, 'memory'), Buffer.alloc(mebibyte, image));
  const record = {
    format: 2,
    key: snapshotKey(inputsOf(image)),
    appliance: 'rabbit',
    createdAt: '2026-01-01T00:00:00.000Z',
    qemuVersion: '10.0.13',
    virtualMs: 1234.5,
    inputs: inputsOf(image),
  } as const;
  const saved = await into.commit(draft, record, ['memory']);
  const then = new Date(Date.now() - agoMinutes * 60_000);
  await utimes(join(saved.directory, 'snapshot.json'), then, then);
  return saved;
}

const images = async (): Promise<readonly unknown[]> => (await store.list()).map(({ record }) => record.inputs['image']);

test('the key depends on the inputs, not on their order', () => {
  expect(snapshotKey({ a: '1', b: '2' })).toBe(snapshotKey({ b: '2', a: '1' }));
  expect(snapshotKey({ a: '1', b: '2' })).not.toBe(snapshotKey({ a: '2', b: '1' }));
  expect(snapshotKey({})).toMatch(/^[0-9a-f]{32}$/);
});

test('symbolic links in a draft, which QEMU can write to, are neither saved nor followed', async () => {
  const victim = join(directory, 'victim');
  await writeFile(victim, 'precious');
  const draft = await store.begin(mebibyte);
  await symlink(victim, join(draft, 'memory'));
  await symlink(victim, join(draft, 'snapshot.json'));
  await symlink(victim, join(draft, 'verified.json'));
  const record = {
    format: 2,
    key: snapshotKey({}),
    appliance: 'rabbit',
    createdAt: '',
    qemuVersion: '',
    virtualMs: 0,
    inputs: {},
  } as const;
  await expect(store.commit(draft, record, ['memory'])).rejects.toMatchObject({
    code: 'ALPY_SNAPSHOT',
    cause: { code: 'ALPY_ENVIRONMENT' },
  });
  const { directory: saved } = await store.commit(draft, record, []);
  expect(await readFile(join(saved, 'snapshot.json'), 'utf8')).toContain(record.key);
  expect(await readFile(victim, 'utf8')).toBe('precious');
});

test('only the owner can enter the store; containers can enter the folder of saved snapshots', async () => {
  const before = process.umask(0o077);
  try {
    const saved = await save('a');
    const modes = [store.directory, join(saved.directory, '..')].map(async (path) => (await stat(path)).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o700, 0o755]);
  } finally {
    process.umask(before);
  }
});

test('finds what was saved, and counts that as use', async () => {
  expect(await store.find('0'.repeat(32))).toBeUndefined();
  const a = await save('a', 10);
  await save('b', 5);
  expect(await images()).toEqual(['b', 'a']);
  expect(await store.find(a.record.key)).toEqual(a);
  expect(await images()).toEqual(['a', 'b']);
});

test('makes room by removing the least recently used, but nothing that was just used', async () => {
  for (const [image, ago] of [
    ['a', 30],
    ['b', 20],
    ['c', 10],
  ] as const)
    await save(image, ago);
  const draft = await store.begin(8 * mebibyte);
  expect(await images()).toEqual(['c', 'b']);
  await store.discard(draft);
  await store.find(snapshotKey(inputsOf('b')));
  await store.discard(await store.begin(10 * mebibyte));
  expect(await images()).toEqual(['b']);
});

test('removes by size, by age, or all', async () => {
  for (const [image, ago] of [
    ['a', 30],
    ['b', 20],
    ['c', 0],
  ] as const)
    await save(image, ago);
  const removed = async (limits: Parameters<SnapshotStore['prune']>[0]): Promise<readonly unknown[]> =>
    (await store.prune(limits)).map(({ record }) => record?.inputs['image']);
  expect(await removed({ maxBytes: 100 * mebibyte })).toEqual([]);
  expect(await removed({ maxBytes: 100 * mebibyte, unusedMs: 25 * 60_000 })).toEqual(['a']);
  expect(await removed({ maxBytes: 0 })).toEqual(['b']);
  expect(await removed({ maxBytes: 0, isForced: true })).toEqual(['c']);
  expect(await readdir(store.directory, { recursive: true })).toEqual(['saved']);
});

test('a snapshot of another format is not listed or used, and is the first to be removed for room', async () => {
  await save('a', 30);
  const { record, directory: saved } = await save('b', 20);
  const { inputs, ...rest } = record;
  await writeFile(join(saved, 'snapshot.json'), JSON.stringify({ ...rest, format: 1, madeFrom: inputs }));
  expect(await images()).toEqual(['a']);
  const then = new Date(Date.now() - 10 * 60_000);
  await utimes(join(saved, 'snapshot.json'), then, then);
  expect(await store.prune({ maxBytes: 1.5 * mebibyte })).toEqual([{ key: record.key, record: undefined }]);
  expect(await images()).toEqual(['a']);
  expect(await readdir(join(store.directory, 'saved'))).not.toContain(record.key);
});

test('a store or a disk without room says so', async () => {
  await expect(store.begin(11 * mebibyte)).rejects.toThrow(
    /may take 11 MiB, but the store .* only 10 MiB: raise snapshots\.maxMiB/,
  );
  const huge = new SnapshotStore(join(directory, 'huge'), 2 ** 60);
  await expect(huge.begin(2 ** 59)).rejects.toThrow(/but the disk of .* has only \d+ MiB left: free some, or move the store/);
  await writeFile(join(directory, 'file'), '');
  await expect(new SnapshotStore(join(directory, 'file'), 1).begin(1)).rejects.toThrow(/cannot begin a snapshot in .*file/);
});

test('old drafts of dead runs are removed', async () => {
  const old = join(store.directory, '.draft-old');
  await mkdir(old, { recursive: true });
  await utimes(old, new Date(0), new Date(0));
  const draft = await store.begin(1);
  expect(await readdir(store.directory)).toEqual([draft.slice(store.directory.length + 1), 'saved']);
});

test('if two save the same snapshot, the later gets what the earlier saved', async () => {
  const [one, two] = await Promise.all([save('a'), save('a')]);
  expect(one).toEqual(two);
  expect(await readdir(store.directory)).toEqual(['saved']);
  expect(await readdir(join(store.directory, 'saved'))).toEqual([one.record.key]);
});

test('an archive restores the same snapshot elsewhere, with holes for blocks of zeros', async () => {
  const draft = await store.begin(mebibyte);
  await writeFile(join(draft, 'memory'), Buffer.concat([Buffer.from('begin'), Buffer.alloc(4 * mebibyte), Buffer.from('end')]));
  const record = { ...(await save('x')).record, key: snapshotKey(inputsOf('y')), inputs: inputsOf('y') };
  const saved = await store.commit(draft, record, ['memory']);
  const file = join(directory, 'archive');
  await saveArchive(saved, file);
  const other = new SnapshotStore(join(directory, 'other'), 10 * mebibyte);
  const loaded = await loadArchive(other, file);
  expect(loaded.record).toEqual(saved.record);
  expect(await other.find(record.key)).toEqual(loaded);
  expect((await stat(join(loaded.directory, 'memory'))).blocks * 512).toBeLessThan(mebibyte);
  expect(await readdir(other.directory)).toEqual(['saved']);
  expect(await readdir(join(other.directory, 'saved'))).toEqual([record.key]);
});

test('loading a damaged or foreign archive fails and leaves nothing behind', async () => {
  const other = new SnapshotStore(join(directory, 'other'), 10 * mebibyte);
  const saved = await save('a');
  const file = join(directory, 'archive');
  await writeFile(join(saved.directory, 'memory'), Buffer.alloc(mebibyte, 'z'));
  await saveArchive(saved, file);
  await expect(loadArchive(other, file)).rejects.toThrow(/is damaged: the content of memory is not what was saved/);
  const renamed = { ...saved, record: { ...saved.record, files: {} } };
  await writeFile(join(saved.directory, 'snapshot.json'), JSON.stringify({ ...renamed.record, inputs: inputsOf('b') }));
  await saveArchive(renamed, file);
  await expect(loadArchive(other, file)).rejects.toThrow(/it holds no snapshot\.json of this version/);
  await writeFile(file, 'something else');
  await expect(loadArchive(other, file)).rejects.toThrow(/cannot load a snapshot from .*archive/);
  expect(await readdir(other.directory, { recursive: true })).toEqual(['saved']);
});

test.each([
  ['a name that leads out', { name: '../x' }],
  ['a link', { name: 'memory', type: 'symlink', linkname: '/etc/passwd' }],
  ['a device', { name: 'memory', type: 'block-device', devmajor: 254, devminor: 0 }],
] as const)('loading an archive with %s fails and leaves nothing behind', async (_, header) => {
  await expectRefused((archive) => void archive.entry(header, ''));
});

test('loading an archive with too many files, or more bytes than the store may have, fails and leaves nothing behind', async () => {
  await expectRefused((archive) => {
    for (let count = 0; count < 30; count += 1) archive.entry({ name: `file${count}` }, 'x');
  });
  await expectRefused((archive) => void archive.entry({ name: 'memory' }, Buffer.alloc(2 * mebibyte, 'x')));
});

async function expectRefused(fill: (archive: Pack) => void): Promise<void> {
  const small = new SnapshotStore(join(directory, 'small'), mebibyte);
  const archive = pack();
  fill(archive);
  archive.finalize();
  const file = join(directory, 'crafted');
  await writeFile(file, zstdCompressSync(await buffer(archive)));
  await expect(loadArchive(small, file)).rejects.toMatchObject({ code: 'ALPY_SNAPSHOT' });
  expect(await readdir(small.directory, { recursive: true })).toEqual(['saved']);
}
