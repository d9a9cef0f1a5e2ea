// SPDX-License-Identifier: GPL-3.0-or-later
// Paths and names of files, wherever alpy takes one.
import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { daemonPlace } from '../../src/docker/place.ts';
import { FileCopies } from '../../src/docker/file-copies.ts';
import { loadSettings, readJob } from '../../src/gitlab/executor/index.ts';
import { storeAppliance } from '../../src/gitlab/index.ts';
import { readResults } from '../../src/gitlab/results.ts';
import { appsCheck } from '../../src/network/app-options.ts';
import { findDiskFile } from '../../src/qemu/disk-image.ts';
import { mergeOutputs } from '../../src/report/index.ts';
import { readDurations, readLastFailed } from '../../src/runner/index.ts';
import { loadArchive, saveArchive, SnapshotStore } from '../../src/snapshot/index.ts';
import { allowingErrors, anyText, fuzz } from '../support/fuzz.ts';
import { storeSmallSnapshot } from '../support/small-snapshot.ts';

const path = fc.oneof(
  anyText,
  fc.constantFrom('a\0b', '\0', 'x'.repeat(300), 'a/'.repeat(3000), '.', '..', 'file', 'file/x', 'folder'),
);

/** A folder with a file and a folder, and a path that may be one of them, or impossible. */
async function withPath(name: string, act: (named: string, folder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
  await writeFile(join(folder.path, 'file'), 'x');
  await act(resolve(folder.path, name), folder.path);
}

const readers: Readonly<Record<string, (path: string, folder: string) => Promise<unknown>>> = {
  durations: readDurations,
  'last results': readLastFailed,
  'disk image': findDiskFile,
  configuration: (file, directory) => loadConfig({ directory, file, variables: {} }),
  "the executor's settings": loadSettings,
  job: (file) => readJob({ JOB_RESPONSE_FILE: file }),
  'results of jobs': (directory) => readResults(directory, ''),
  archive: (file, folder) => loadArchive(new SnapshotStore(join(folder, 'store'), 1e6), file),
  'snapshot store': (folder) => new SnapshotStore(folder, 1e6).list(),
  'files for a container': async (file, folder) => {
    await using _ = await FileCopies.create(folder, [{ path: '/x', content: { file } }]);
  },
  'output of a shard': (directory, folder) =>
    mergeOutputs({ directories: [directory], out: join(folder, 'out'), outPath: 'out' }),
  'file to upload': (file) => storeAppliance(undefined, file, { limitBytes: 0, variablesFile: `${file}.env` }),
  "Docker's configuration": (directory) => Promise.resolve(daemonPlace({ DOCKER_CONFIG: directory, DOCKER_CONTEXT: 'x' })),
  "Docker's certificates": (directory) =>
    Promise.resolve(daemonPlace({ DOCKER_HOST: 'tcp://h', DOCKER_TLS: '1', DOCKER_CERT_PATH: directory })),
};

fuzz(
  'any path of something to read is read, or refused with a reason',
  [fc.constantFrom(...Object.keys(readers)), path],
  (what, name) =>
    withPath(name, async (named, folder) => {
      await allowingErrors(() => readers[what]?.(named, folder));
    }),
  {
    runs: 75,
    examples: Object.keys(readers).flatMap((what) =>
      ['a\0b', 'x'.repeat(300), 'folder/', 'file/x'].map((one): [string, string] => [what, one]),
    ),
  },
);

// a file system stores names as UTF-8
const name = path.map((text) => basename(text.toWellFormed())).filter((text) => !['', '.', '..'].includes(text));

fuzz(
  'a file is written where its name says, or refused with a reason, and leaves no part of it',
  [name],
  (given) =>
    withPath(given, async (named, folder) => {
      const { snapshot } = await storeSmallSnapshot(join(folder, 'store'));
      await allowingErrors(() => saveArchive(snapshot, named));
      expect((await readdir(folder)).filter((one) => !['file', 'store', basename(named)].includes(one))).toEqual([]);
    }),
  { runs: 8, examples: [['a\0b'], ['x'.repeat(250)], ['store']] },
);

fuzz('a path in a container is absolute and possible, or refused', [path, fc.constantFrom('', '/')], async (text, prefix) => {
  const given = prefix + text;
  const isAccepted = await allowingErrors(() => {
    const spec = { node: undefined, files: [{ path: given, content: '' }] };
    try {
      appsCheck.start([spec]);
    } catch (error) {
      if ((error as Error).message.includes('files')) throw error; // the node is missing, too
    }
    return true;
  });
  if (isAccepted === true) expect(given).toMatch(/^\/[^\0]*[^\0/]$/);
});
