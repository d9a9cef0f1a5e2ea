// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkMachine } from '../../../src/doctor/machine.ts';
import { judgeSeccomp } from '../../../src/doctor/seccomp.ts';

const images = [
  { name: 'qemu', reference: 'alpy/qemu:latest', origin: 'default', buildable: true },
  { name: 'traffic', reference: 'alpy/traffic:latest', origin: 'default', buildable: true },
  { name: 'wan', reference: 'registry.example/wan:1', origin: 'config images.wan', buildable: false },
];

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-doctor-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** A daemon without images. */
async function startEmptyDaemon(socket: string): Promise<void> {
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    if (url.includes('/version')) response.end(JSON.stringify({ Version: '28', KernelVersion: '6' }));
    else if (url.includes('/events')) response.flushHeaders();
    else if (url.includes('/info'))
      response.end(JSON.stringify({ MemTotal: 8 * 1024 ** 3, SecurityOptions: ['name=seccomp,profile=default'] }));
    else response.writeHead(404).end(JSON.stringify({ message: 'no such image' }));
  });
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

test('without a daemon, nothing else is checked', async () => {
  const directory = await newDirectory();
  const socketPath = join(directory, 'docker.sock');
  const check = { images, accel: 'auto', memoryMiB: 256, appliances: [], directory, socketPath } as const;
  expect(await checkMachine(check)).toMatchObject([{ name: 'docker', result: 'failure', remedy: 'sudo systemctl start docker' }]);
});

test('without the QEMU image, checks that need it are left out, and each image has its remedy', async () => {
  const directory = await newDirectory();
  const socketPath = join(directory, 'docker.sock');
  await startEmptyDaemon(socketPath);
  const check = { images, accel: 'auto', memoryMiB: 10 ** 9, appliances: [], directory, socketPath } as const;
  const findings = await checkMachine(check);
  expect(findings.map(({ name, result, remedy }) => [name, result, remedy]).filter(([name]) => name !== 'disk')).toEqual([
    ['docker', 'ok', undefined],
    ['seccomp', 'ok', undefined],
    ['image qemu', 'failure', 'alpy images build qemu'],
    ['image traffic', 'warning', 'alpy images build traffic'],
    ['image wan', 'warning', 'alpy images pull wan'],
    ['memory', 'failure', 'end other programs, or lower appliance.memoryMiB'],
  ]);
  expect(findings.at(-1)?.name).toBe('disk');
});

test.each([
  [['name=apparmor', 'name=seccomp,profile=builtin'], 'ok'],
  [['name=seccomp,profile=/etc/docker/seccomp.json'], 'ok'],
  [['name=seccomp,profile=unconfined'], 'warning'],
  [['name=apparmor'], 'warning'],
] as const)('a daemon with the security options %j: seccomp is %s', (options, result) => {
  expect(judgeSeccomp(options).result).toBe(result);
});
