// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, open, rename, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { ContainerDiedError } from '../../../src/docker/index.ts';
import { HypervisorError, QmpError } from '../../../src/qemu/index.ts';
import type { Snapshot } from '../../../src/snapshot/index.ts';
import { SnapshotWatch } from '../../../src/testbed/snapshot-watch.ts';

const bytes = 8192;
const busError = new ContainerDiedError('qemu', exitStatusOf(135), '');

let directory: string;
let memory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-watch-'));
  memory = join(directory, 'memory');
  for (const name of ['memory', 'state']) await writeFile(join(directory, name), Buffer.alloc(bytes, 1));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function restored(): Promise<SnapshotWatch> {
  const record = { files: { memory: { bytes, sha256: '' }, state: { bytes, sha256: '' } } };
  return SnapshotWatch.begin({ use: 'restore', from: { record, directory } as unknown as Snapshot });
}

async function write(name: string): Promise<void> {
  await using file = await open(join(directory, name), 'r+');
  await file.write('x', 100);
}

test('a snapshot that nobody touches, that was removed, or that was replaced by another one is fine', async () => {
  const watch = await restored();
  await watch.assertUnchanged();
  await writeFile(join(directory, 'new'), 'another snapshot');
  await rename(join(directory, 'new'), memory);
  await rm(join(directory, 'state'));
  await watch.assertUnchanged();
  expect(await watch.explain(new Error('other'))).toMatchObject({ message: 'other' });
});

test.each(['before it is watched', 'before QEMU could open it'])('a snapshot that was removed %s is named', async (when) => {
  const remove = (): Promise<void> => rm(join(directory, 'state'));
  if (when === 'before it is watched') await remove();
  const watch = await restored();
  if (when !== 'before it is watched') await remove();
  const refused = new QmpError('migrate-incoming', 'GenericError', 'Could not open: No such file or directory');
  expect(await watch.explain(refused)).toMatchObject({
    code: 'ALPY_SNAPSHOT',
    fault: 'environment',
    message: expect.stringContaining(`expected ${join(directory, 'state')}, got no such file`) as string,
    cause: refused,
  });
});

test('a file that was written to or truncated is named, whatever followed from it', async () => {
  const watch = await restored();
  await write('state');
  await expect(watch.assertUnchanged()).rejects.toMatchObject({ code: 'ALPY_SNAPSHOT', fault: 'environment' });
  await expect(watch.assertUnchanged()).rejects.toThrow(
    `expected that ${join(directory, 'state')} does not change while a guest uses it (8192 bytes), got other content. `,
  );
  const other = await restored();
  await truncate(memory, 4096);
  for (const error of [busError, new Error('no answer')])
    expect(await other.explain(error)).toMatchObject({
      code: 'ALPY_SNAPSHOT',
      message: expect.stringContaining(`${memory} does not change while a guest uses it (8192 bytes), got 4096 bytes.`) as string,
    });
});

test('a guest that is to be saved may write to its memory file', async () => {
  const watch = await SnapshotWatch.begin({ use: 'make', directory });
  await write('memory');
  await watch.assertUnchanged();
  expect(await watch.explain(new ContainerDiedError('qemu', exitStatusOf(137), ''))).toMatchObject({ signal: 'SIGKILL' });
});

test('SIGBUS on a full disk names the file and the free space', async () => {
  const { bavail, bsize } = await statfs(directory);
  await truncate(memory, bavail * bsize + 2 ** 40); // the rest is a hole, for which there is no space
  const watch = await SnapshotWatch.begin({ use: 'make', directory });
  for (const error of [busError, new HypervisorError('QEMU did not start', '', 'environment', 'SIGBUS')])
    expect(await watch.explain(error)).toMatchObject({
      code: 'ALPY_SNAPSHOT',
      message: expect.stringMatching(
        /\(SIGBUS\) .*\/memory: expected \d+ MiB of free space on its disk, got \d+ MiB\. Free some/,
      ) as string,
      cause: error,
    });
});

test('SIGBUS for another reason names the file', async () => {
  expect(await (await restored()).explain(busError)).toMatchObject({
    code: 'ALPY_SNAPSHOT',
    message: expect.stringContaining(`${memory}. Look for errors of its disk (dmesg)`) as string,
  });
  await rm(directory, { recursive: true });
  const watch = await restored();
  expect(await watch.explain(busError)).toBe(busError);
  await writeFile(directory, ''); // for afterEach
});
