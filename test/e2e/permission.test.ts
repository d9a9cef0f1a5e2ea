// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** An ordinary user: permissions do not apply to root. */
const nobody = 65_534;

test('a daemon socket without permission: status 3, and how to get the permission', async ({ skip }) => {
  const bin = resolve(import.meta.dirname, '../../src/cli/bin.ts');
  const who = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  if (spawnSync(process.execPath, [bin, '--version'], { ...who, cwd: '/', encoding: 'utf8' }).status !== 0) {
    skip('somebody who is not root may not read this folder');
  }
  const directory = await mkdtemp(join(tmpdir(), 'alpy-socket-'));
  const socket = join(directory, 'docker.sock');
  const server = createServer().listen(socket);
  try {
    await chmod(directory, 0o755);
    await chmod(socket, 0);
    const env = { ...process.env, DOCKER_HOST: `unix://${socket}` };
    const { status, stdout } = spawnSync(process.execPath, [bin, 'doctor'], { ...who, cwd: '/', env, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({
      status: 3,
      stdout: [
        `FAIL docker: cannot reach the Docker daemon at ${socket}: permission denied. Add yourself to the group that owns the socket (docker) and log in again, or run as root`,
        '     do: sudo usermod -aG docker "$USER", then log in again',
        'alpy cannot run here',
        '',
      ].join('\n'),
    });
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});
