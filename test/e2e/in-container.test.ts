// SPDX-License-Identifier: GPL-3.0-or-later
// A job in a container that has the daemon's socket: the daemon does not see its files under the same names.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Container } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { suiteId } from '../support/suite.ts';
import { TestHost } from '../support/testbeds.ts';
import { createVolume } from '../support/volume.ts';

const repository = resolve(import.meta.dirname, '../..');

const testFile = `
import { expect, test } from 'alpy/test';
test('captures', async ({ links, nodes: [node] }) => {
  await node.configure({ address: '10.0.0.1/24' });
  await node.run('ping -c 1 -W 1 10.0.0.2', { check: false });
  await expect(links[0]).toHaveSeen('arp.dst.proto_ipv4 == 10.0.0.2');
});
`;

const script = `"$1" "$2" run --quiet; status=$?
grep -o '"files": "[^"]*"' alpy-out/run.json; echo "status $status"
stat -c '%n %s' alpy-out/junit.xml alpy-out/tests/*/*.pcap
grep -ohE 'Start the decoder\\.\\.\\. done|tshark decodes instead' alpy-out/tests/*/debug.log`;

test('shares the volumes of its container with the containers of its testbeds', async ({ skip }) => {
  await using testHost = await TestHost.open();
  const socket = testHost.engine.address;
  if (testHost.facts.access.kind !== 'bind' || !socket.startsWith('/'))
    skip('the daemon is on another machine, so this folder cannot be mounted');
  await writeBlankDisk(join(testHost.directory, 'blank.raw'));
  const blank = await readFile(join(testHost.directory, 'blank.raw'));
  const image = imageNamed(testHost.facts.images, 'node').reference;
  await using volume = await createVolume(testHost.engine, image, '/project');
  await using job = await Container.start(testHost.engine, {
    name: 'job',
    image,
    entrypoint: ['sh', '-c'],
    command: [script, 'sh', process.execPath, join(repository, 'src/cli/bin.ts')],
    environment: { DOCKER_HOST: `unix://${socket}`, HOME: '/project', ALPY_JOB_ID: suiteId() },
    workingDirectory: '/project',
    networkMode: 'none',
    mounts: [
      { source: repository, target: repository, readOnly: true },
      { source: socket, target: socket, readOnly: false },
    ],
    volumesFrom: [volume.container],
    files: [
      {
        path: '/project/alpy.yaml',
        content: `appliance: { image: blank.raw.gz, memoryMiB: 64, disks: [{ sizeMiB: 8 }, { image: blank.raw, readOnly: true }] }
topology: { links: 1 }
accel: tcg
`,
      },
      { path: '/project/blank.raw', content: blank },
      { path: '/project/blank.raw.gz', content: gzipSync(blank) },
      { path: '/project/tests/capture.test.ts', content: testFile },
    ],
  });
  job.expectExit();
  const [stdout, stderr] = await Promise.all([buffer(job.stdout), buffer(job.stderr), job.waitForExit({ timeoutMs: 120_000 })]);
  const lines = stdout.toString().trim().split('\n');
  expect(lines, stderr.toString()).toEqual(expect.arrayContaining(['"files": "volumes-from"', '1 passed, 0 failed', 'status 0']));
  const sizes = new Map(lines.slice(lines.indexOf('status 0') + 1, -1).map((line) => line.split(' ') as [string, string]));
  expect(lines.at(-1)).toBe('Start the decoder... done'); // the decoder sees the captures
  expect([...sizes.keys()]).toEqual(['alpy-out/junit.xml', 'alpy-out/tests/capture-captures/link0.pcap']);
  expect(Number(sizes.get('alpy-out/tests/capture-captures/link0.pcap'))).toBeGreaterThanOrEqual(24 + 16 + 42);
});
