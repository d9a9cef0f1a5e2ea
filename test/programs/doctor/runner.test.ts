// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { daemonError } from '../../../src/docker/errors.ts';
import { checkRunner, type RunnerCheck } from '../../../src/doctor/runner.ts';
import { install, readRunner } from '../../../src/gitlab/executor/index.ts';
import { folder } from '../../unit/gitlab/executor/make.ts';

const config = `concurrent = 2
[[runners]]
  name = "bed [1]"
  executor = "custom"
`;

const engine = { version: '28', address: '/run/docker.sock', [Symbol.dispose]: () => undefined };

/**
 * Checks a machine that has everything, but for some differences.
 * @returns findings by name: result, text and remedy
 */
async function findingsWith(difference: Partial<RunnerCheck>, version = '19.4.0'): Promise<Readonly<Record<string, string>>> {
  const directory = await folder();
  const path = join(directory, 'bin');
  await mkdir(path);
  for (const name of ['git', 'bash', 'node']) await writeFile(join(path, name), '', { mode: 0o755 });
  const printed = `Version:      ${version}\nGit revision: abc\nOS/Arch:      linux/amd64\n`;
  await writeFile(join(path, 'gitlab-runner'), `#!/bin/sh\n[ "$1" = --version ] && printf '${printed}'\n`, { mode: 0o755 });
  const program = [join(path, 'node'), join(path, 'git'), 'executor'];
  const runnerConfig = join(directory, 'config.toml');
  const settings = join(directory, 'executor.yaml');
  await writeFile(runnerConfig, config);
  await writeFile(settings, `root: ${directory}/r\n`);
  const installation = { runnerConfig, name: undefined, settings, program };
  await install(installation);
  const { runner } = await readRunner(installation);
  const check = { runner, settingsFile: settings, program, path: [path], totalMiB: 10_000 };
  const findings = await checkRunner({ ...check, connect: () => Promise.resolve(engine), ...difference });
  return Object.fromEntries(findings.map(({ name, result, text, remedy }) => [name, [result, text, remedy].join('|')]));
}

async function settingsFile(text: string): Promise<string> {
  const file = join(await folder(), 'executor.yaml');
  await writeFile(file, text);
  return file;
}

test('a machine that has everything: all findings are ok', async () => {
  const found = await findingsWith({});
  expect(Object.entries(found).filter(([name, text]) => name !== 'KVM' && !text.startsWith('ok|'))).toEqual([]);
  expect(Object.keys(found)).toEqual([
    ...['settings', 'runner bed [1]', 'programs', 'folder', 'length of paths', 'memory'],
    ...['docker', 'git', 'bash', 'gitlab-runner', 'KVM'],
  ]);
});

test.each([
  ['19.4.0', 'ok', /gitlab-runner: 19\.4\.0\|$/],
  ['19.0.0~pre.1', 'ok', /19\.0\.0~pre\.1/],
  ['18.11.2', 'warning', /18\.11\.2: before 19\.0 variables of services/],
  ['17.8.3', 'failure', /17\.8\.3: before 17\.9 every job that fails has exit code 1 .*; before 19\.0 variables of services/],
  ['13.12.0', 'failure', /13\.12\.0: before 14\.1 /],
  ['development version', 'warning', /17\.9 or newer is needed/],
])('GitLab Runner %s: %s', async (version, result, text) => {
  const found = (await findingsWith({}, version))['gitlab-runner'];
  expect(found).toMatch(new RegExp(`^${result}\\|`));
  expect(found).toMatch(text);
});

test('a dynamically linked gitlab-runner: a warning that names its loader', async () => {
  const directory = await folder();
  await symlink(process.execPath, join(directory, 'gitlab-runner'));
  const found = (await findingsWith({ path: [directory] }))['gitlab-runner'];
  expect(found).toMatch(/^warning\|.*needs \/\S*ld-\S+: caches and artifacts .*\|https:/);
});

test('a machine that lacks programs and memory: each finding says what to do', async () => {
  const found = await findingsWith({ path: ['/nowhere'], program: ['/other/node', 'executor'], totalMiB: 9000 });
  expect(found['gitlab-runner']).toMatch(/^failure\|is not in \/nowhere, .*\|artifacts and caches need it\. ln -s/);
  expect(found['git']).toMatch(/^failure\|.*apt-get install git$/);
  expect(found['runner bed [1]']).toMatch(
    /^failure\|custom\.config_exec: expected "\/other\/node", got ".*"; .*\|alpy executor install$/,
  );
  expect(found['memory']).toMatch(/^warning\|2 jobs at once may take 9292 MiB; the machine has 9000\|lower concurrent/);
});

test('config.toml names a program that no longer exists', async () => {
  const runner = { index: 0, name: 'x', own: {}, custom: { run_exec: '/gone/node' }, jobs: 1 };
  expect((await findingsWith({ runner }))['programs']).toBe(
    'failure|/gone/node is missing or not executable|alpy executor install',
  );
});

test('the Docker daemon does not answer', async () => {
  const refused = Object.assign(new Error('x'), { code: 'ENOENT' });
  const found = await findingsWith({ connect: () => Promise.reject(daemonError('/s', refused)) });
  expect(found['docker']).toMatch(/^failure\|cannot reach the Docker daemon at \/s.*\|sudo systemctl start docker$/);
});

test('the root is too long for the sockets of jobs', async () => {
  const found = await findingsWith({ settingsFile: await settingsFile(`root: /${'r'.repeat(60)}\n`) });
  expect(found['length of paths']).toMatch(
    /^failure\|sockets of jobs have up to 108 of 107 bytes\|choose a root that is 1 bytes shorter/,
  );
});

test('the settings have an unknown key', async () => {
  const found = await findingsWith({ settingsFile: await settingsFile('rot: 1\n') });
  expect(found['settings']).toMatch(/^failure\|.*Unrecognized key: "rot"/s);
});
