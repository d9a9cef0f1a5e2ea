// SPDX-License-Identifier: GPL-3.0-or-later
// Files that alpy wrote earlier, perhaps another version of it, and that may be damaged since.
import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { BootDurations } from '../../src/cli/run/live/boot-durations.ts';
import { ownedName, removeOrphans } from '../../src/core/owner.ts';
import { recordIfNew } from '../../src/gitlab/executor/stages/log-once.ts';
import { readStartFailure } from '../../src/gitlab/executor/stages/start-failure.ts';
import { DiskCache } from '../../src/qemu/disk-cache.ts';
import { readSpec } from '../../src/session/session-server.ts';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz } from '../support/fuzz.ts';
import { storeSmallSnapshot } from '../support/small-snapshot.ts';

/** The file of this name with damaged content. */
function damaged(valid: unknown): fc.Arbitrary<Buffer> {
  return fc.oneof(
    brokenJson(valid).map((value) => Buffer.from(JSON.stringify(value))),
    brokenBytes(JSON.stringify(valid)),
  );
}

async function withFile(name: string, content: Uint8Array, act: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
  await writeFile(join(folder.path, name), content);
  await act(folder.path);
}

const key = { path: '/nowhere/disk', expected: 'auto', imageId: 'i' } as const;
const disk = { path: key.path, format: 'raw', virtualBytes: 1, files: [], qemuVersion: '10', firmware: 'a' };

fuzz(
  'a cache of disk images with any entry returns a whole one, or none',
  [damaged({ '/nowhere/disk auto i': disk })],
  (content) =>
    withFile('disks.json', content, async (folder) => {
      const found = await new DiskCache(join(folder, 'disks.json')).find(key);
      if (found)
        expect([typeof found.path, typeof found.virtualBytes, Array.isArray(found.files)]).toEqual(['string', 'number', true]);
    }),
  {
    runs: 20,
    examples: [[Buffer.from('{"/nowhere/disk auto i": {}}')], [Buffer.from('{"/nowhere/disk auto i": {"files": [null]}}')]],
  },
);

fuzz(
  'the remembered duration of a boot is read from any file',
  [damaged({ dut: 5 })],
  (content) =>
    withFile('boots.json', content, async (folder) => {
      const durations = await BootDurations.open(join(folder, 'boots.json'), 'dut');
      expect(['undefined', 'number']).toContain(typeof durations.expectedMs({ category: 'testbed.boot' }));
    }),
  { runs: 30 },
);

const failure = { message: 'no', code: 'ALPY_BOOT', fault: 'device', outcome: { kind: 'failure', exitCode: 1 } };

fuzz(
  'why a job has no testbed is read from any file, or the file is refused',
  [damaged(failure)],
  (content) =>
    withFile('failed.json', content, async (folder) => {
      const found = await allowingErrors(() => readStartFailure(folder));
      if (found) expect([typeof found.message, typeof found.outcome.kind]).toEqual(['string', 'string']);
    }),
  { runs: 20, examples: [[Buffer.from('')], [Buffer.from('null')], [Buffer.from('{}')]] },
);

fuzz(
  'a message of a job is logged, whatever the file of earlier messages contains',
  [damaged(['first']), anyText],
  (content, message) =>
    withFile('said.json', content, async (folder) => {
      expect(typeof (await recordIfNew(folder, message))).toBe('boolean');
      expect(await recordIfNew(folder, message)).toBe(false);
    }),
  {
    runs: 20,
    examples: [
      [Buffer.from(''), 'x'],
      [Buffer.from('[null]'), 'x'],
      [Buffer.from('null'), 'x'],
    ],
  },
);

fuzz(
  'the description of a session is read, or refused as damaged',
  [brokenBytes('{"directory": "/x"}')],
  (content) =>
    withFile('session.json', content, async (folder) => {
      await allowingErrors(() => readSpec(folder));
    }),
  { runs: 20, examples: [[Buffer.from('')], [Buffer.from('null')]] },
);

fuzz(
  'a snapshot is found, whatever the file about its last check contains',
  [damaged({ memory: '1 2 3' })],
  async (content) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const { store, snapshot } = await storeSmallSnapshot(folder.path);
    const { key } = snapshot.record;
    await writeFile(join(snapshot.directory, 'verified.json'), content);
    expect((await store.find(key))?.record.key).toBe(key);
  },
  { runs: 8, examples: [[Buffer.from('null')]] },
);

const fileName = anyText.map((text) => text.replaceAll(/[\0/]/g, '').slice(0, 60));

fuzz(
  'only files of ended processes are removed, whatever else is in the folder',
  [fc.array(fileName, { maxLength: 4 })],
  async (names) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const own = ownedName('alpy-run-');
    const foreign = names.map((name) => `alpy-run-${name}`);
    for (const name of [own, ...foreign]) await writeFile(join(folder.path, name), '');
    expect(removeOrphans(folder.path, 'alpy-run-')).toEqual([]);
    expect(await readdir(folder.path)).toContain(own);
  },
  { runs: 20 },
);
