// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CloudInit } from '../../../src/config/cloud-init-schema.ts';
import { resolveConfig, seedFiles } from '../../../src/config/index.ts';
import { readConfig } from '../../../src/config/read.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-cloud-init-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function seed(cloudInit: CloudInit): Promise<Readonly<Record<string, string>>> {
  const files = await seedFiles(cloudInit, 'alpy.yaml');
  return Object.fromEntries(files.map(({ name, content }) => [name, content.toString()]));
}

/** The problems of a seed, without the name of the configuration. */
async function problemsOf(cloudInit: CloudInit): Promise<unknown> {
  return seedFiles(cloudInit, 'alpy.yaml').then(
    () => [],
    (error: unknown) => (error as { readonly problems: readonly string[] }).problems,
  );
}

test('objects become YAML, and user-data begins with #cloud-config', async () => {
  const files = await seed({
    userData: { users: ['default', { name: 'admin' }] },
    metaData: { 'instance-id': 'one', 'local-hostname': 'router' },
    networkConfig: { version: 2, ethernets: { eth0: { dhcp4: true } } },
  });
  expect(files).toEqual({
    'user-data': '#cloud-config\nusers:\n  - default\n  - name: admin\n',
    'meta-data': 'instance-id: one\nlocal-hostname: router\n',
    'network-config': 'version: 2\nethernets:\n  eth0:\n    dhcp4: true\n',
  });
});

test('text and files are taken as they are', async () => {
  const file = join(directory, 'setup.sh');
  await writeFile(file, '#!/bin/sh\ntrue\n');
  const files = await seed({ userData: { file }, metaData: 'instance-id: two # mine\n' });
  expect(files).toEqual({ 'user-data': '#!/bin/sh\ntrue\n', 'meta-data': 'instance-id: two # mine\n' });
});

test('meta-data without instance-id get one that depends on the content of the seed', async () => {
  const idOf = async (cloudInit: CloudInit): Promise<string> => (await seed(cloudInit))['meta-data']!;
  const one = await idOf({ userData: { hostname: 'a' } });
  expect(one).toMatch(/^instance-id: alpy-[0-9a-f]{16}\n$/);
  expect(await idOf({ userData: { hostname: 'a' } })).toBe(one);
  expect(await idOf({ userData: { hostname: 'b' } })).not.toBe(one);
  expect(await idOf({ userData: { hostname: 'a' }, networkConfig: { version: 2 } })).not.toBe(one);
  expect(await idOf({ metaData: { 'local-hostname': 'r' } })).toMatch(/^instance-id: alpy-.*\nlocal-hostname: r\n$/);
});

test('a seed without user-data has one that changes nothing', async () => {
  expect((await seed({}))['user-data']).toBe('#cloud-config\n{}\n');
});

test('all kinds of user-data that cloud-init knows are accepted', async () => {
  const kinds = [
    '#cloud-config\n',
    '#cloud-config-archive\n- a\n',
    '## template: jinja\n#cloud-config\n{{ x',
    '#include\nhttp://x\n',
  ];
  for (const userData of [...kinds, 'Content-Type: multipart/mixed\n\n', '#!/bin/sh\n'])
    expect(await problemsOf({ userData })).toEqual([]);
});

test('a seed that is not YAML is refused with line, what was expected, what was found and what to do', async () => {
  expect(
    await problemsOf({
      userData: '#cloud-config\nusers: [a\nhostname: b\n',
      metaData: '- a\n',
      networkConfig: { ethernets: {} },
    }),
  ).toEqual([
    expect.stringMatching(/^appliance\.cloudInit\.userData: line 3, column \d+: expected YAML, got: .*\. Correct that line$/),
    'appliance.cloudInit.networkConfig: expected a key `version`, or `network` around everything, got ethernets. Add version: 2',
    'appliance.cloudInit.metaData: expected an object in YAML, got a list. Write KEY: VALUE',
  ]);
  expect(await problemsOf({ userData: 'users: []\n', metaData: 'router\n' })).toEqual([
    'appliance.cloudInit.userData: line 1: expected a line that says what the rest is, such as #cloud-config or #!/bin/sh, got "users: []". cloud-init would ignore it: write #cloud-config above YAML',
    'appliance.cloudInit.metaData: expected an object in YAML, got the string "router". Write KEY: VALUE',
  ]);
  expect(await problemsOf({ userData: '#cloud-config\na: *b\n' })).toEqual([expect.stringContaining('expected YAML, got: ')]);
});

test('a file of the seed that is missing, too large or not UTF-8 is refused with its name', async () => {
  const [none, large, latin] = ['none', 'large', 'latin'].map((name) => join(directory, name)) as [string, string, string];
  await writeFile(large, Buffer.alloc(1024 ** 2 + 1, '#'));
  await writeFile(latin, Buffer.from('#cloud-config\nhostname: m\xfcller\n', 'latin1'));
  expect(await problemsOf({ userData: { file: latin }, metaData: { file: none }, networkConfig: { file: large } })).toEqual([
    `appliance.cloudInit.userData (${latin}): expected UTF-8, got other bytes. Save it as UTF-8`,
    `appliance.cloudInit.networkConfig (${large}): expected at most 1048576 bytes in ${large}, got 1048577`,
    `appliance.cloudInit.metaData (${none}): expected a file, got no such file. Correct the path`,
  ]);
});

test('a file is relative to the configuration', () => {
  const raw = { appliance: { image: 'a', cloudInit: { userData: { file: 'user-data' }, metaData: { file: '/m' } } } };
  expect(resolveConfig({ file: '/p/alpy.yaml', raw, directory: '/d' }).config.devices[0].appliance.cloudInit).toEqual({
    userData: { file: '/p/user-data' },
    metaData: { file: '/m' },
  });
});

test('the example of the documentation is accepted, and becomes a seed', async () => {
  const file = join(import.meta.dirname, '../../../docs/examples/configuration/cloud-init.yaml');
  const { config } = resolveConfig({ file, ...(await readConfig(file)), directory: '/d' });
  const files = await seed(config.devices[0].appliance.cloudInit!);
  expect(files['user-data']).toMatch(/^#cloud-config\nusers:\n {2}- name: admin\n/);
  expect(files['meta-data']).toMatch(/^local-hostname: router1$/m);
  expect(Object.keys(files)).toEqual(['user-data', 'network-config', 'meta-data']);
});

test('a value of another type is refused', () => {
  const of = (cloudInit: unknown): unknown => {
    try {
      return resolveConfig({ file: '/p/alpy.yaml', raw: { appliance: { image: 'a', cloudInit } }, directory: '/d' });
    } catch (error) {
      return (error as { readonly problems: readonly string[] }).problems;
    }
  };
  expect(of({ userData: 3 })).toEqual([
    'appliance.cloudInit.userData: expected text, an object, or { file: PATH }, got the number 3',
  ]);
  expect(of({ userData: { file: 3 } })).toEqual([
    'appliance.cloudInit.userData: expected an object without a key `file`, or only { file: PATH }, got an object',
  ]);
  expect(of({ userdata: 'x' })).toEqual(['appliance.cloudInit.userdata: unknown key. Did you mean userData?']);
});
