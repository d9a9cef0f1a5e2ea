// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stopSession } from '../../../src/session/index.ts';
import { sessionFiles } from '../../../src/session/spec.ts';

const identity = new URL('../../../src/core/identity.ts', import.meta.url).href;

/** A keeper that listens, and is busy for ever with what comes first. */
async function startBusy(directory: string, signed: boolean): Promise<ChildProcess> {
  const program = `
    import { writeFileSync } from 'node:fs';
    import { createServer } from 'node:net';
    import { ownIdentity } from '${identity}';
    if (${String(signed)}) writeFileSync('${join(directory, sessionFiles.identity)}', ownIdentity());
    const busy = () => { for (;;); };
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

test('a keeper that a job keeps busy for ever is killed', async () => {
  const directory = await folder();
  const keeper = await startBusy(directory, true);
  const ended = once(keeper, 'exit');
  expect(await stopSession(directory, undefined, 100)).toBe(
    `the testbed of ${directory} did not end within 0.1 s, so its keeper was killed`,
  );
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test.each([
  ['no signature', undefined],
  ['that of another process', 'boot pid:[1] 1 1'],
] as const)('one with %s is not', async (_, signature) => {
  const directory = await folder();
  const keeper = await startBusy(directory, false);
  if (signature !== undefined) await writeFile(join(directory, sessionFiles.identity), signature);
  await expect(stopSession(directory, undefined, 100)).rejects.toThrow(`${directory} did not end within 0.1 s`);
  expect(keeper.exitCode ?? keeper.signalCode).toBeNull();
});
