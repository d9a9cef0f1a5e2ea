// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import yargs from 'yargs';
import { cleanCommand } from '../../../src/cli/clean.ts';
import type { CliIo } from '../../../src/cli/io.ts';
import { describeOwner, writeOwner } from '../../../src/gitlab/executor/job-owner.ts';

/** A daemon without containers. */
async function emptyDaemon(socket: string): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url?.includes('/version')) response.end(JSON.stringify({ Version: '28', KernelVersion: '6' }));
    else if (request.url?.includes('/events')) response.flushHeaders();
    else response.end('[]');
  });
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

test('alpy clean removes the folders of jobs that no longer run, but not with --run', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-clean-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await emptyDaemon(join(directory, 'docker.sock'));
  vi.stubEnv('DOCKER_HOST', `unix://${directory}/docker.sock`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const mark = await describeOwner(Date.now() + 3_600_000);
  for (const [key, bootId] of Object.entries({ '1-deadbeef': 'another', '2-0badcafe': mark.bootId })) {
    await writeOwner(join(directory, 'root/jobs', key), { ...mark, bootId });
    await mkdir(join(directory, 'root/builds', key), { recursive: true });
  }
  await writeFile(join(directory, 'executor.yaml'), `root: ${directory}/root\n`);
  const lines: string[] = [];
  const io: CliIo = {
    env: {},
    directory,
    signal: new AbortController().signal,
    stdout: (line) => lines.push(line),
    stderr: (line) => lines.push(line),
    exitWith: () => undefined,
  };
  const clean = async (...args: readonly string[]): Promise<readonly string[]> => {
    await yargs(['clean', ...args])
      .command(cleanCommand(io))
      .exitProcess(false)
      .parseAsync();
    return lines.splice(0);
  };
  expect(await clean('--settings', 'executor.yaml', '--run', 'x')).toEqual(['nothing to remove']);
  expect(await clean('--settings', 'missing.yaml')).toEqual(['nothing to remove']);
  expect(await clean('--settings', 'executor.yaml')).toEqual(['removed the folders of job 1-deadbeef', '1 removed']);
  expect(await readdir(join(directory, 'root/builds'))).toEqual(['2-0badcafe']);
});
