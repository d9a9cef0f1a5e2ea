// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { defaultSettings, loadSettings, readJob, type Job } from '../../../../src/gitlab/executor/index.ts';
import { mayStillRun, readOwner } from '../../../../src/gitlab/executor/job-owner.ts';
import { jobPaths, projectDirectory } from '../../../../src/gitlab/executor/paths.ts';
import type { DriverContext } from '../../../../src/gitlab/executor/driver-context.ts';
import { assignment, setKeys } from '../../../../src/gitlab/executor/install/toml-text.ts';
import { findUnsafeFlag, flagVariables } from '../../../../src/gitlab/executor/policy/git-flags.ts';
import { assertJobIsSafe } from '../../../../src/gitlab/executor/policy/job-policy.ts';
import { assertImageIsAllowed, resolveTopologyFile } from '../../../../src/gitlab/executor/policy/testbed-policy.ts';
import { parse } from 'smol-toml';
import { allowingErrors, anyText, brokenBytes, brokenJson, fuzz } from '../../../support/fuzz.ts';

const settings = defaultSettings('/etc/alpy/executor.yaml');
const valid = {
  id: 42,
  token: 'glcbt-64_secret',
  job_info: { project_id: 7, name: 'ping' },
  git_info: { ref: 'main' },
  runner_info: { timeout: 600 },
  variables: [{ key: 'GIT_CLEAN_FLAGS', value: '-ffdx' }],
  image: { name: '$CI_REGISTRY/a' },
  hooks: [],
  secrets: { A: {} },
  artifacts: [{ name: '$CI_JOB_NAME', untracked: false }],
  cache: [{ key: '$CI_COMMIT_REF_SLUG', fallback_keys: ['a'], untracked: false }],
};
const services = [
  { name: 'a', alias: 'node1', entrypoint: ['x'], command: ['y'], variables: [{ key: 'ALPY_NODE', value: 'node0' }] },
];

const variableName = fc.oneof(
  fc.constantFrom(
    'GIT_CLEAN_FLAGS',
    'GIT_CLONE_PATH',
    'CI_PROJECT_PATH',
    'GIT_SUBMODULE_PATHS',
    'CI_JOB_IMAGE',
    'CI_JOB_SERVICES',
  ),
  fc.constantFrom(
    'GIT_FETCH_EXTRA_FLAGS',
    'CI_PROJECT_DIR',
    'RUNNER_TEMP_PROJECT_DIR',
    'CACHE_FALLBACK_KEY',
    'FF_POSIXLY_CORRECT_ESCAPES',
  ),
  anyText,
);
const shellText = fc.array(
  fc.constantFrom('$', '`', '"', "'", '\\', '\n', ';', '..', '/', 'a', ' ', '-', '--depth', '=', '$x', '${constructor}'),
  {
    maxLength: 8,
  },
);
const value = fc.oneof(
  anyText,
  shellText.map((parts) => parts.join('')),
  brokenJson(services).map((one) => JSON.stringify(one)),
);
const variables = fc.dictionary(variableName, value, { maxKeys: 6 });

async function jobOf(response: unknown, given: Readonly<Record<string, string>>): Promise<Job> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
  const file = join(folder.path, 'response.json');
  await writeFile(file, Buffer.isBuffer(response) ? response : JSON.stringify(response));
  const prefixed = Object.entries(given).map(([name, text]) => [`CUSTOM_ENV_${name}`, text]);
  return await readJob({ JOB_RESPONSE_FILE: file, ...(Object.fromEntries(prefixed) as Record<string, string>) });
}

fuzz(
  'any job is read or refused, and what is read has texts without surprises',
  [fc.oneof(brokenJson(valid), brokenBytes(JSON.stringify(valid))), variables],
  async (response, given) => {
    const job = await allowingErrors(() => jobOf(response, given));
    if (!job) return;
    expect(job.key).toMatch(/^-?\d+-[0-9a-f]{8}$/);
    for (const text of [job.image, ...job.cacheKeys, ...job.artifactNames, ...job.services.map(({ name }) => name)]) {
      expect(typeof text).toBe('string');
      expect(text).not.toContain('[native code]');
    }
    const { builds } = jobPaths(settings, job);
    const project = await allowingErrors(() => projectDirectory({ settings, job } as DriverContext));
    if (project !== undefined) expect(project.startsWith(`${builds}/`)).toBe(true);
  },
  {
    examples: [
      [{ ...valid, image: { name: '$constructor' } }, {}],
      [valid, { CI_PROJECT_DIR: '/var/lib/alpy/builds/x/../..' }],
    ],
  },
);

/** What a shell interprets within double quotes. */
const active = /["$`\\\n]/;

fuzz('a job whose values a shell could interpret is refused', [variables, brokenJson(valid)], async (given, response) => {
  const job = await allowingErrors(() => jobOf(response, given));
  if (!job) return;
  const isSafe = (await allowingErrors(() => (assertJobIsSafe(job, settings), true))) ?? false;
  if (!isSafe) return;
  const values = (name: string): readonly string[] => [
    ...(Object.hasOwn(job.variables, name) ? [job.variables[name] ?? ''] : []),
    ...job.rawVariables.flatMap((one) => (one.key === name ? [one.value] : [])),
  ];
  for (const name of ['CI_PROJECT_PATH', 'GIT_SUBMODULE_PATHS'])
    for (const text of values(name)) expect(text).not.toMatch(active);
  for (const text of values('GIT_CLEAN_FLAGS')) expect(text).not.toMatch(/["'$`\\\n;|&<>(){}]/);
  for (const key of job.cacheKeys) expect(key).not.toMatch(/[$`]|(^|\/)\.\.(\/|$)/);
  for (const name of [...Object.keys(job.variables), ...job.rawVariables.map(({ key }) => key)])
    expect(name).toMatch(/^[A-Za-z_]\w*$/);
  expect(job.hooks).toEqual([]);
});

fuzz(
  'no accepted git option has a character that a shell interprets, or names a program',
  [fc.constantFrom(...flagVariables), value],
  (name, text) => {
    if (findUnsafeFlag(name, text) !== undefined) return;
    expect(text).not.toMatch(/["'$`\\;|&<>(){}*?~#!]/);
    expect(text).not.toMatch(/--(?:upload-pack|exec|config|template|reference)/);
  },
);

const pattern = fc
  .array(fc.constantFrom('a', '*', '**', '.', '/', ':', '+', '(', ']', '\\', '\n'), { maxLength: 8 })
  .map((parts) => parts.join(''));

fuzz('an image pattern without a wildcard allows exactly that image', [pattern, pattern], async (allowed, image) => {
  const given = { ...settings, images: { allow: [allowed] } };
  const isAllowed = (await allowingErrors(() => (assertImageIsAllowed(image, [], given), true))) ?? false;
  if (allowed.includes('*')) return;
  expect(isAllowed).toBe(allowed === image);
});

fuzz(
  'a topology file is in the project, or is refused',
  [anyText, fc.constantFrom('', '.yaml', '.yml')],
  async (name, suffix) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const path = await allowingErrors(() => resolveTopologyFile(folder.path, name + suffix));
    if (path !== undefined) expect(path.startsWith(`${folder.path}/`)).toBe(true);
  },
  {
    examples: [
      ['\0', '.yaml'],
      ['a'.repeat(5000), '.yaml'],
    ],
  },
);

const yaml =
  'root: /var/lib/alpy\nimages:\n  allow: [a]\nlimits: {memoryMiB: 64}\nappliances:\n  r: {appliance: {image: a.qcow2}}\n';

fuzz('any settings file is read or refused', [brokenBytes(yaml)], async (content) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
  const file = join(folder.path, 'executor.yaml');
  await writeFile(file, content);
  await allowingErrors(() => loadSettings(file));
});

const owner = {
  machine: 'm',
  bootId: 'b',
  pidNamespace: 'p',
  starters: [{ pid: 1, start: '2' }],
  startedMs: 1,
  endsByMs: 8e15,
  temporary: '',
};

fuzz(
  'any owner file of a job is read or ignored',
  [
    fc.oneof(
      brokenJson(owner).map((one) => Buffer.from(JSON.stringify(one))),
      brokenBytes(JSON.stringify(owner)),
    ),
  ],
  async (content) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    await writeFile(join(folder.path, 'job.json'), content);
    const found = await readOwner(folder.path);
    if (found) expect(typeof (await mayStillRun(found))).toBe('boolean');
  },
  { examples: [[Buffer.from('{}')], [Buffer.from('null')]] },
);

const toml = `concurrent = 4 # jobs
[[runners]]
  name = "a # b"
  [runners.custom]
    run_exec = "/x" # old
[[runners]]
  name = 'b'
  builds_dir = """x
y"""
`;
const keys = fc.record({
  builds_dir: anyText.filter((text) => text.isWellFormed()),
  limit: fc.nat(),
  shell: fc.constant('bash'),
});

fuzz('keys that are set in config.toml are there, and everything else stays', [keys, fc.constantFrom(0, 1)], (own, index) => {
  const text = setKeys(toml, 'runners', index, own, { custom: { run_exec: own.builds_dir } });
  const [before, after] = [toml, text].map((one) => parse(one) as { runners: { name: string; custom?: object }[] });
  expect(after?.runners[index]).toMatchObject({ ...own, custom: { run_exec: own.builds_dir } });
  expect(after?.runners[1 - index]).toEqual(before?.runners[1 - index]);
  expect(setKeys(text, 'runners', index, own, { custom: { run_exec: own.builds_dir } })).toBe(text);
});

fuzz('a line of TOML means what was written', [fc.stringMatching(/^[a-z_]+$/), anyText], (key, text) => {
  if (text.isWellFormed()) expect(parse(assignment(key, text))).toEqual({ [key]: text });
});
