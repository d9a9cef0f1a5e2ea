// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ownerState } from '../../../src/core/identity.ts';
import { stopSession } from '../../../src/session/index.ts';
import { sessionFiles } from '../../../src/session/spec.ts';

const identity = new URL('../../../src/core/identity.ts', import.meta.url).href;

/** A session server that listens, and is busy for ever with its first call. */
async function startBusy(directory: string, signed: boolean): Promise<ChildProcess> {
  const program = `
    import { writeFileSync } from 'node:fs';
    import { createServer } from 'node:net';
    import { ownIdentity } from '${identity}';
    if (${String(signed)}) writeFileSync('${join(directory, sessionFiles.identity)}', ownIdentity());
    const busy = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    createServer((socket) => socket.once('data', busy)).listen('${join(directory, sessionFiles.socket)}', () => console.log('ready'));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'alpy-stop-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('a session server that a job keeps busy for ever is killed', async () => {
  const directory = await folder();
  const server = await startBusy(directory, true);
  const ended = once(server, 'exit');
  expect(await stopSession(directory, undefined, 100)).toBe(
    `the testbed of ${directory} did not end within 0.1 s, so its process was killed`,
  );
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test.each([
  ['has no identity', undefined],
  ['has the identity of another process', 'boot pid:[1] 1 1'],
] as const)('one that %s is not killed', async (_, signature) => {
  const directory = await folder();
  const server = await startBusy(directory, false);
  if (signature !== undefined) await writeFile(join(directory, sessionFiles.identity), signature);
  await expect(stopSession(directory, undefined, 100)).rejects.toThrow(`${directory} did not end within 0.1 s`);
  expect(server.exitCode ?? server.signalCode).toBeNull();
});

test('stopping returns only after the process has exited, however long that takes after the answer', async () => {
  const directory = await folder();
  const socket = new URL('../../../src/session/socket.ts', import.meta.url).href;
  const program = `
    import { writeFileSync } from 'node:fs';
    import { ownIdentity } from '${identity}';
    import { serveSocket } from '${socket}';
    writeFileSync('${join(directory, sessionFiles.identity)}', ownIdentity());
    const stopped = Promise.withResolvers();
    const answer = async () => (stopped.resolve(), 0);
    const server = await serveSocket('${join(directory, sessionFiles.socket)}', answer, ([name]) => name === 'stop');
    console.log('ready');
    await stopped.promise;
    await server[Symbol.asyncDispose]();
    process.on('exit', () => { for (const end = performance.now() + 500; performance.now() < end;); }); // is slow to exit
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(await stopSession(directory)).toBe('');
  expect(ownerState(await readFile(join(directory, sessionFiles.identity), 'utf8'))).toBe('dead');
});
