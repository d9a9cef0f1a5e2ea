// SPDX-License-Identifier: GPL-3.0-or-later
// What `npm run demo` runs: Rabbit's own suite, and the files that it leaves.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeFile } from '../support/decode-file.ts';
import { TestHost } from '../support/testbeds.ts';

const repository = resolve(import.meta.dirname, '../..');
let testHost: TestHost;
let out: string;

beforeAll(async () => {
  testHost = await TestHost.open();
  out = await mkdtemp(join(tmpdir(), 'alpy-out-'));
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
  await rm(out, { recursive: true });
});

test("Rabbit's suite passes and leaves captures and console logs", async () => {
  const env = { ...process.env, VITEST: '', NODE_OPTIONS: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli/bin.ts', 'run', '--out', out], {
    cwd: repository,
    env,
    encoding: 'utf8',
  });
  const report = `${stdout}\n${stderr}`;
  expect(status, report).toBe(0);
  expect(stdout.trimEnd().split('\n').at(-1), report).toMatch(/^\d+ passed, 0 failed$/);

  const suites = (await readdir(join(repository, 'rabbit/tests'), { withFileTypes: true })).filter((one) => one.isDirectory());
  expect(suites.length).toBeGreaterThanOrEqual(20);
  const directories = await readdir(join(out, 'tests'));
  for (const { name } of suites)
    expect(
      directories.filter((one) => one.startsWith(`${name}-`)),
      name,
    ).not.toEqual([]);
  for (const directory of directories) {
    const files = await readdir(join(out, 'tests', directory));
    const logs = files.filter((name) => /^console(-.+)?\.log$/.test(name));
    expect(logs, directory).not.toEqual([]);
    for (const name of logs) {
      const log = await readFile(join(out, 'tests', directory, name));
      expect(log.toString('latin1'), directory).toMatch(/rabbit login: |E0000@@/); // or some command ended well
    }
    expect(files.filter((name) => name.endsWith('.pcap')).length, directory).toBeGreaterThan(0);
  }

  const forwarding = directories.find((name) => name.startsWith('forward-ipv4-'))!;
  const seen = await decodeFile(testHost, join(out, 'tests', forwarding, 'link0.pcap'), 'ip', ['eth.src', 'ip.src', 'ip.dst']);
  expect(seen.length).toBeGreaterThan(0);
  for (const [mac, source, target] of seen) {
    expect(['02:00:00:a1:00:00', '52:54:00:a1:00:00']).toContain(mac);
    expect([source, target]).toContain('192.168.1.2');
  }
});
