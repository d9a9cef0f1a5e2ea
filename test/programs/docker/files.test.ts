// SPDX-License-Identifier: GPL-3.0-or-later
// What a container's files may contain is up to the container.
import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { pack, type Header } from 'tar-stream';
import { expect, test } from 'vitest';
import { Engine } from '../../../src/docker/engine.ts';
import { readFiles, writeFiles, type ReadLimits } from '../../../src/docker/files.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

type Entry = readonly [header: Partial<Header> & Pick<Header, 'name'>, content?: string];

/** A daemon that sends the same archive for every path. */
async function daemonWith(entries: readonly Entry[]): Promise<FakeDaemon> {
  return FakeDaemon.open((request, response) => {
    if (!request.url?.includes('/archive')) return false;
    const archive = pack();
    for (const [header, content = ''] of entries) archive.entry(header, content);
    archive.finalize();
    archive.pipe(response);
    return true;
  });
}

/** Reads an archive that a daemon sends. @returns the content of each file that was taken, by name */
async function read(entries: readonly Entry[], limits: ReadLimits = { bytes: 1000 }): Promise<Readonly<Record<string, string>>> {
  await using daemon = await daemonWith(entries);
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const taken: Record<string, string> = {};
  const take = async (name: string, content: AsyncIterable<unknown>): Promise<void> => {
    taken[name] = await text(content as AsyncIterable<string>);
  };
  const request = { name: 'qemu', path: '/folder', limits, take };
  await readFiles(engine, engine.docker.getContainer('x'), request);
  return taken;
}

test('only files of the folder itself are taken, by their last name; links and special files are skipped', async () => {
  const taken = await read([
    [{ name: 'folder/', type: 'directory' }],
    [{ name: 'folder/a' }, 'a'],
    [{ name: 'folder/link', type: 'symlink', linkname: '/etc/passwd' }],
    [{ name: 'folder/hard', type: 'link', linkname: '/etc/passwd' }],
    [{ name: 'folder/device', type: 'block-device', devmajor: 254, devminor: 0 }],
    [{ name: 'folder/pipe', type: 'fifo' }],
    [{ name: 'folder/inner/b' }, 'b'],
    [{ name: '../../etc/c' }, 'c'],
    [{ name: '/etc/d' }, 'd'],
    [{ name: 'e' }, 'e'],
  ]);
  expect(taken).toEqual({ a: 'a', e: 'e' });
});

test('what is not read is skipped', async () => {
  await using daemon = await daemonWith(['a', 'b'].map((name) => [{ name }, 'x'.repeat(100_000)]));
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const names: string[] = [];
  const take = (name: string): Promise<void> => Promise.resolve(void names.push(name));
  const request = { name: 'qemu', path: '/folder', limits: { bytes: 1e6 }, take };
  await readFiles(engine, engine.docker.getContainer('x'), request);
  expect(names).toEqual(['a', 'b']);
});

test('more bytes or files than allowed are an error', async () => {
  const two: readonly Entry[] = [
    [{ name: 'a' }, 'x'.repeat(600)],
    [{ name: 'b' }, 'x'.repeat(600)],
  ];
  await expect(read(two)).rejects.toMatchObject({ code: 'ALPY_CONTAINER', fault: 'environment' });
  await expect(read(two, { entries: 1, bytes: 2000 })).rejects.toMatchObject({ code: 'ALPY_CONTAINER' });
  await expect(read(two, { bytes: 1200 })).resolves.toHaveProperty('b');
});

test('only a regular file is copied into a container', async () => {
  await using daemon = await FakeDaemon.open();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-files-'));
  const pipe = join(folder.path, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  for (const file of [pipe, folder.path, '/dev/zero']) {
    const copied = writeFiles(engine, engine.docker.getContainer('x'), 'node0', [{ path: '/x', content: { file } }]);
    await expect(copied).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  }
});

test('if the signal has fired already, nothing is copied, and its reason is the only error', async () => {
  await using daemon = await FakeDaemon.open();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const uncaught: unknown[] = [];
  const keep = (error: unknown): void => void uncaught.push(error);
  const others = process.listeners('uncaughtException'); // Vitest's would end this test run
  process.removeAllListeners('uncaughtException').on('uncaughtException', keep);
  try {
    const reason = new Error('stopped');
    const files = [{ path: '/x', content: 'x' }];
    await expect(writeFiles(engine, engine.docker.getContainer('x'), 'node0', files, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
    await new Promise(setImmediate);
    expect(uncaught).toEqual([]);
  } finally {
    process.off('uncaughtException', keep);
    for (const listener of others) process.on('uncaughtException', listener);
  }
});
