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
  expect({ status, told: stdout.trimEnd().split('\n').at(-1) }, `${stdout}\n${stderr}`).toEqual({
    status: 0,
    told: '5 passed, 0 failed',
  });

  const directories = await readdir(join(out, 'tests'));
  expect(directories.map((name) => name.split('-')[0]).sort()).toEqual(['boot', 'forward', 'forward', 'load', 'rate']);
  for (const directory of directories) {
    const files = await readdir(join(out, 'tests', directory));
    const log = await readFile(join(out, 'tests', directory, 'console.log'));
    expect(log.toString('latin1')).toContain(directory.startsWith('boot') ? 'rabbit login: ' : 'E0000@@'); // or some command ended well
    const captures = files.filter((name) => name.endsWith('.pcap'));
    expect(captures).toHaveLength(directory.startsWith('load') ? 3 : 2);
    const seen = await decodeFile(testHost, join(out, 'tests', directory, 'link0.pcap'), 'ip', ['eth.src', 'ip.src', 'ip.dst']);
    expect(seen.length).toBeGreaterThan(0);
    for (const [mac, source, target] of seen) {
      expect(['02:00:00:a1:00:00', '52:54:00:a1:00:00']).toContain(mac);
      expect([source, target]).toContain('192.168.1.2');
    }
  }
});
