// SPDX-License-Identifier: GPL-3.0-or-later
// The npm package as its users get it: packed and installed in a project that has nothing else, with packages of others as in
// package-lock.json. Needs an npm registry.
import { cp, glob, readFile, writeFile } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Container } from '../../src/docker/index.ts';
import { InstalledPackage, npmFolder, projectManifest, runProgram } from '../support/package.ts';
import { suiteId } from '../support/suite.ts';
import { createVolume } from '../support/volume.ts';
import { rabbitImage, TestHost } from '../support/testbeds.ts';

const repository = resolve(import.meta.dirname, '../..');
const tsc = join(repository, 'node_modules/.bin/tsc');
const typedProject = join(repository, 'test/support/typed-project');

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await InstalledPackage.create();
});

afterAll(async () => {
  await installed[Symbol.asyncDispose]();
});

/** The package.json of each installed package. */
async function installedPackages(): Promise<readonly { readonly name: string; readonly scripts?: Record<string, string> }[]> {
  const listed = await runProgram('npm', ['ls', '--all', '--parseable'], installed.project);
  const folders = listed.trim().split('\n').slice(1); // the first is the project
  return Promise.all(
    folders.map(async (folder) => JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { readonly name: string }),
  );
}

test('it brings at most 90 packages and 60 MB, and none of them runs a script when it is installed', async () => {
  const packages = await installedPackages();
  expect(packages.length).toBeGreaterThan(10);
  expect(packages.length).toBeLessThanOrEqual(90);
  const [megabytes] = (await runProgram('du', ['-sm', 'node_modules'], installed.project)).split('\t');
  const folders = await runProgram('du', ['-m', '-t', '1M', '-d', '2', 'node_modules'], installed.project);
  expect(Number(megabytes), `the largest folders, in MiB:\n${folders}`).toBeLessThanOrEqual(60);
  const hooks = ['preinstall', 'install', 'postinstall'];
  expect(packages.filter(({ scripts = {} }) => hooks.some((hook) => hook in scripts)).map(({ name }) => name)).toEqual([]);
});

test('it contains what it needs and what its README links to, and no tests or sources', async () => {
  const folders = new Set(installed.files.map((path) => path.split('/')[0]));
  expect([...folders].sort()).toEqual(
    [
      ...['CHANGELOG.md', 'CONTRIBUTING.md', 'COPYING', 'README.md', 'package.json'],
      ...['bench', 'carrot', 'ci-images', 'dist', 'docs', 'examples', 'functions', 'rabbit', 'templates'],
    ].sort(),
  );
  expect(installed.files).toContain('dist/vendor/LICENSES.txt');
  const readme = await readFile(join(repository, 'README.md'), 'utf8');
  const targets = [...readme.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, target]) => posix.normalize(target ?? ''));
  expect(targets.length).toBeGreaterThan(5);
  const isPacked = (target: string) =>
    installed.files.some((path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`));
  expect(targets.filter((target) => !isPacked(target))).toEqual([]);
});

test('it declares no types of packages that it does not bring', async () => {
  const names = new Set((await installedPackages()).map(({ name }) => name));
  const folder = join(installed.project, 'node_modules/alpy/dist');
  for await (const name of glob('**/*.d.ts', { cwd: folder })) {
    const text = await readFile(join(folder, name), 'utf8');
    const imported = [...text.matchAll(/(?:\bfrom |\bimport\()["']((?:@[^/"']+\/)?[^/"'.:]+)/g)].map(([, id]) => id ?? '');
    expect(imported.filter((id) => id !== 'node' && !names.has(id))).toEqual([]);
  }
});

test.each([
  ['NodeNext', 'NodeNext', false],
  ['NodeNext', 'NodeNext', true],
  ['Preserve', 'Bundler', false],
  ['Preserve', 'Bundler', true],
])(
  'its declarations compile with module %s, resolution %s and skipLibCheck %s',
  async (module, moduleResolution, skipLibCheck) => {
    await cp(typedProject, installed.project, { recursive: true });
    const options = { target: 'ES2024', module, moduleResolution, skipLibCheck, strict: true, noEmit: true };
    const compilerOptions = { ...options, allowImportingTsExtensions: true };
    const settings = { compilerOptions, include: ['*.ts', 'tests'] };
    await writeFile(join(installed.project, 'tsconfig.json'), JSON.stringify(settings));
    await expect(runProgram(tsc, ['-p', '.'], installed.project)).resolves.toBe('');
  },
);

/** Writes a project with `alpy init`, adds tests that use types, and checks all of it. */
async function checkTypes(program: string, args: readonly string[], directory: string): Promise<string> {
  await runProgram(program, [...args, 'init'], directory);
  await cp(typedProject, directory, { recursive: true });
  const boot = await readFile(join(directory, 'tests/boot.test.ts'), 'utf8');
  await runProgram(tsc, ['--noEmit'], directory);
  await writeFile(join(directory, 'tests/boot.test.ts'), boot.replace('dut.shell.run(', 'dut.shel.run('));
  return runProgram(tsc, ['--noEmit'], directory).then(
    () => '',
    (error: unknown) => String(error),
  );
}

test('alpy init lets tsc know alpy in a folder without package.json, wherever alpy is installed', async () => {
  const directory = await installed.folder('bare');
  await expect(checkTypes(installed.bin, [], directory)).resolves.toMatch(/boot\.test\.ts\(4,\d+\): error TS2551/);
});

test('alpy init lets tsc know alpy that runs from its sources', async () => {
  const directory = await installed.folder('of-sources');
  const bin = join(repository, 'src/cli/bin.ts');
  await expect(checkTypes(process.execPath, [bin], directory)).resolves.toMatch(/boot\.test\.ts\(4,\d+\): error TS2551/);
});

const script = `set -e
for name in npm npx; do ln -s ../lib/node_modules/npm/bin/$name-cli.js /usr/local/bin/$name; done
npm install --no-audit --no-fund --loglevel=error /alpy.tgz
npx alpy init
cp /appliance.qcow2 .
set +e
npx alpy run
echo "status $?"`;

test('npx alpy init && npx alpy run work in a container that has only Node and a Docker socket', async ({ skip }) => {
  await using testHost = await TestHost.open();
  const socket = testHost.engine.address;
  if (testHost.facts.access.kind !== 'bind' || !socket.startsWith('/'))
    skip('the daemon is on another machine, so this folder cannot be mounted');
  const image = (await readFile(join(repository, '.cache/base-image'), 'utf8')).trim();
  await using volume = await createVolume(testHost.engine, image, '/project');
  const chosen = Object.entries(process.env).filter(([name]) => /^(ALPY_IMAGE|ALPY_REGISTRY|https?_proxy|no_proxy)/i.test(name));
  const registry = (await runProgram('npm', ['config', 'get', 'registry'], repository)).trim();
  const certificates = process.env['NODE_EXTRA_CA_CERTS']; // of a proxy between here and the registry
  const mount = (source: string, target: string) => ({ source, target, readOnly: true });
  await using job = await Container.start(testHost.engine, {
    name: 'package',
    image,
    entrypoint: ['sh', '-c'],
    command: [script],
    environment: {
      ...Object.fromEntries(chosen as readonly [string, string][]),
      ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: '/certificates.pem' }),
      npm_config_registry: registry,
      npm_config_fetch_retries: '1',
      DOCKER_HOST: `unix://${socket}`,
      HOME: '/project',
      ALPY_JOB_ID: suiteId(),
      ALPY_APPLIANCE_LOGIN_PASSWORD: 'rabbit',
    },
    workingDirectory: '/project',
    networkMode: 'host',
    mounts: [
      mount(process.execPath, '/usr/local/bin/node'),
      mount(await npmFolder(), '/usr/local/lib/node_modules/npm'),
      mount(installed.tarball, '/alpy.tgz'),
      mount(rabbitImage, '/appliance.qcow2'),
      ...(certificates === undefined ? [] : [mount(certificates, '/certificates.pem')]),
      { source: socket, target: socket, readOnly: false },
    ],
    volumesFrom: [volume.container],
    files: [{ path: '/project/package.json', content: await projectManifest('commonjs') }],
  });
  job.expectExit();
  const [stdout, stderr] = await Promise.all([buffer(job.stdout), buffer(job.stderr), job.waitForExit({ timeoutMs: 360_000 })]);
  const lines = stdout.toString().trim().split('\n');
  expect(lines.slice(-2), `${stdout.toString()}\n${stderr.toString()}`).toEqual(['1 passed, 0 failed', 'status 0']);
});
