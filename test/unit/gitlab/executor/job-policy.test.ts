// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { assertJobIsSafe } from '../../../../src/gitlab/executor/policy/job-policy.ts';
import { jobPaths } from '../../../../src/gitlab/executor/paths.ts';
import { defaultSettings, type Job } from '../../../../src/gitlab/executor/index.ts';
import { resolvedFlags } from '../../../support/runner/feature-flags.ts';
import { jobWith, settingsOf } from './make.ts';

const settings = defaultSettings('/etc/alpy/executor.yaml');

function check(job: Job, by = settings): () => void {
  return () => {
    assertJobIsSafe(job, by);
  };
}

/** What a job is refused for. Every message begins with the name of the variable or key, which the other tests look for. */
test.each<[Readonly<Record<string, string>>, Readonly<Record<string, unknown>>, string]>([
  [{ 'a-b': '' }, {}, 'variables and secrets: expected names of letters, digits and _; got "a-b"'],
  [{}, { hooks: [{ name: 'x', script: [] }] }, 'this runner does not run hooks (x), because they would run on its own machine'],
  [
    { FF_ENABLE_JOB_CLEANUP: '1' },
    {},
    'this runner refuses FF_ENABLE_JOB_CLEANUP: 1, because git would clean up with the settings in .git, which the job may have changed',
  ],
  [
    { GIT_CLEAN_FLAGS: ';x' },
    {},
    'GIT_CLEAN_FLAGS: expected options and names without quotes, variables and other characters of a shell, because git passes them to one; got ";x"',
  ],
  [
    { GIT_SUBMODULE_PATHS: '$A' },
    {},
    'GIT_SUBMODULE_PATHS: expected text without ", $, `, \\ and line breaks, because a shell on the runner\'s machine reads it; got "$A"',
  ],
  [
    { GIT_CLONE_PATH: '/a b' },
    {},
    'GIT_CLONE_PATH: expected letters, digits and . _ - / @ + , : = %, because a shell on the runner\'s machine reads it; got "/a b"',
  ],
  [
    {},
    { cache: [{ key: '..' }] },
    'cache: expected a key without $, ` and .., because a shell on the runner\'s machine reads it; got "..". Set cache:key; its default is the name of the job and of its ref',
  ],
])('%j %j is refused: %s', async (variables, difference, message) => {
  const advice = `An administrator who trusts everybody who can start a pipeline can allow it with trustJobs in ${settings.file}`;
  expect(check(await jobWith(variables, difference))).toThrow(`${message}. ${advice}`);
});

describe('variables of a job', () => {
  test.each([
    ...['GIT_STRATEGY', 'GIT_DEPTH', 'GIT_CHECKOUT', 'GIT_CLEAN_FLAGS', 'GIT_CLONE_PATH', 'GIT_LFS_SKIP_SMUDGE'],
    ...['GIT_SUBMODULE_STRATEGY', 'GIT_SUBMODULE_DEPTH', 'GIT_SUBMODULE_PATHS', 'GIT_SUBMODULE_FORCE_HTTPS'],
    ...['GIT_SSL_NO_VERIFY', 'GIT_SSL_CAINFO', 'GIT_TERMINAL_PROMPT', 'GIT_AUTHOR_NAME', 'GIT_COMMITTER_EMAIL'],
    ...['HTTPS_PROXY', 'no_proxy', 'SSL_CERT_FILE', 'SSH_PRIVATE_KEY', 'PYTHON_VERSION', 'PATH_TO_IT', 'MY_GIT_DIR'],
    ...['FF_USE_FASTZIP', 'CI_DEBUG_TRACE', 'ALPY_APPLIANCE', 'TMPDIR', 'NODE_ENV'],
    // programs would react to them, but do not get them
    ...['GIT_TOKEN', 'GIT_USER', 'GIT_SSH_COMMAND', 'PYTHONUNBUFFERED', 'NODE_OPTIONS', 'EDITOR', 'PAGER', 'ENV', 'PATH'],
    ...['LD_PRELOAD', 'BASH_ENV', 'HOME'],
  ])('%s may have any value', async (name) => {
    expect(check(await jobWith({ [name]: '1' }))).not.toThrow();
  });

  const hostileFlags = ['FF_ENABLE_JOB_CLEANUP', 'FF_POSIXLY_CORRECT_ESCAPES', 'FF_CLEAN_UP_FAILED_CACHE_EXTRACT'];

  test.each(hostileFlags)('%s may be off, as the runner sends every flag, but not on', async (name) => {
    for (const off of ['false', '0', 'f', 'F', 'FALSE', 'False', '', 'perhaps'])
      expect(check(await jobWith({ [name]: off }))).not.toThrow();
    for (const on of ['true', '1', 't', 'T', 'TRUE', 'True'])
      expect(check(await jobWith({ [name]: on }))).toThrow(`refuses ${name}: ${on}, because `);
  });

  test('every feature flag of GitLab Runner may have its default', async () => {
    const flags = [...resolvedFlags(() => undefined)].map(([name, value]) => [name, String(value)]);
    expect(check(await jobWith(Object.fromEntries(flags) as Record<string, string>))).not.toThrow();
  });

  test.each(['GIT_SUBMODULE_PATHS', 'CI_PROJECT_PATH', 'CI_SERVER_HOST', 'CI_SERVER_SHELL_SSH_HOST'])(
    '%s may not contain characters that a shell interprets in double quotes',
    async (name) => {
      for (const value of ['$(touch x)', '`touch x`', '";touch x;"', '\\', 'a\nb', '${IFS}'])
        expect(check(await jobWith({ [name]: value }))).toThrow(`${name}: expected`);
      expect(check(await jobWith({ [name]: "/builds/a b/:(exclude)c*;&|'d" }))).not.toThrow();
    },
  );

  test.each(['a b', 'a;touch x', 'a|x', 'a&x', 'a>x', 'a(x)', "a'x", 'a#', 'a*', 'a[x]', 'a$(x)', 'a`x`', 'a"', 'a\\', 'a\nb'])(
    'a project in the folder %j is refused, because the script uses its path without quotes',
    async (name) => {
      const message = /^GIT_CLONE_PATH: /;
      const by = await settingsOf('root: "/root dir"');
      const { builds } = jobPaths(by, await jobWith());
      const path = `${builds}/${name}`;
      expect(check(await jobWith({ GIT_CLONE_PATH: path, CI_BUILDS_DIR: path }), by)).toThrow(message);
      // the runner's folder may differ from what the variable says
      expect(check(await jobWith({ RUNNER_TEMP_PROJECT_DIR: `${path}.tmp`, CI_BUILDS_DIR: path }), by)).toThrow(message);
      const plain = `${builds}/src/git.example.com/Gruppe-ä_1/p@2+x`;
      expect(check(await jobWith({ GIT_CLONE_PATH: plain, RUNNER_TEMP_PROJECT_DIR: `${plain}.tmp` }), by)).not.toThrow();
    },
  );

  test('a variable in double quotes may not refer to another variable', async () => {
    // the runner expands $FF_… to the job's text; the driver gets the value of the flag
    const variables = [
      { key: 'FF_USE_FASTZIP', value: '$(touch x)' },
      { key: 'GIT_SUBMODULE_PATHS', value: '$FF_USE_FASTZIP' },
    ];
    const job = await jobWith({ FF_USE_FASTZIP: 'true', GIT_SUBMODULE_PATHS: 'true' }, { variables });
    expect(check(job)).toThrow(/^GIT_SUBMODULE_PATHS: /);
  });

  test.each(['A$(x)', '`x`', 'A"', '../x', 'a/b', '.glr.gconf', 'A=B', 'FF_POSIXLY_CORRECT_ESCAPES=0', 'a-b', '1a', 'a\n', ''])(
    'the name %j is refused for variables and secrets',
    async (key) => {
      const message = /^variables and secrets: /;
      expect(check(await jobWith({}, { variables: [{ key, value: '' }] }))).toThrow(message);
      expect(check(await jobWith({}, { secrets: { [key]: { file: true } } }))).toThrow(message);
      if (!key.includes('=')) expect(check(await jobWith({ [key]: '' }))).toThrow(message);
    },
  );

  test('trustJobs allows everything', async () => {
    const job = await jobWith(
      { LD_PRELOAD: 'x', GIT_CLEAN_FLAGS: '; x' },
      { hooks: [{ name: 'pre_get_sources_script', script: ['x'] }], artifacts: [{ untracked: true }] },
    );
    expect(check(job, await settingsOf('trustJobs: true'))).not.toThrow();
  });
});

describe('options for git', () => {
  test.each([
    ['GIT_FETCH_EXTRA_FLAGS', '--no-tags --prune'],
    ['GIT_FETCH_EXTRA_FLAGS', '  --depth 4 --jobs=2 -j4 -j 4 --filter=blob:none\t--shallow-since=2026-01-01 -q '],
    ['GIT_FETCH_EXTRA_FLAGS', 'none'],
    ['GIT_FETCH_EXTRA_FLAGS', ''],
    ['GIT_SUBMODULE_UPDATE_FLAGS', '--jobs 4'],
    ['GIT_SUBMODULE_UPDATE_FLAGS', '--remote --jobs 4 --force --filter blob:none'],
    ['GIT_CLONE_EXTRA_FLAGS', '--no-tags --single-branch'],
  ])('%s may be %j', async (name, value) => {
    expect(check(await jobWith({ [name]: value }))).not.toThrow();
  });

  test.each([
    ['GIT_FETCH_EXTRA_FLAGS', '--no-tags --upload-pack=x', '--upload-pack=x'],
    ['GIT_FETCH_EXTRA_FLAGS', '--upload-pack x', '--upload-pack'],
    ['GIT_FETCH_EXTRA_FLAGS', '--upload-pac=x', '--upload-pac=x'],
    ['GIT_FETCH_EXTRA_FLAGS', '--depth --upload-pack=x', '--depth'],
    ['GIT_FETCH_EXTRA_FLAGS', '--depth', '--depth'],
    ['GIT_FETCH_EXTRA_FLAGS', '--no-tags refs/a:refs/b', 'refs/a:refs/b'],
    ['GIT_FETCH_EXTRA_FLAGS', '--filter=$(x)', '--filter=$(x)'],
    ['GIT_FETCH_EXTRA_FLAGS', '-fq', '-fq'],
    ['GIT_SUBMODULE_UPDATE_FLAGS', '--jobs `x`', '--jobs'],
    ['GIT_SUBMODULE_UPDATE_FLAGS', '--reference /elsewhere', '--reference'],
    ['GIT_SUBMODULE_UPDATE_FLAGS', '";x;"', '";x;"'],
    ['GIT_CLONE_EXTRA_FLAGS', '-c core.fsmonitor=x', '-c'],
    ['GIT_CLONE_EXTRA_FLAGS', '--config=a=b', '--config=a=b'],
    ['GIT_CLONE_EXTRA_FLAGS', '-u x', '-u'],
    ['GIT_CLONE_EXTRA_FLAGS', '--template=x', '--template=x'],
  ])('%s may not be %j', async (name, value, word) => {
    expect(check(await jobWith({ [name]: value }))).toThrow(`; got ${JSON.stringify(word)}, which may do more than fetch`);
    expect(check(await jobWith({ [name]: '' }, { variables: [{ key: name, value }] }))).toThrow(`${name}: expected some of -`);
  });
});

describe("names that a shell on the runner's machine reads", () => {
  test.each(['$(touch x)', '`touch x`', 'a/../../other', '$$(x)', '..'])('a cache may not have the key %j', async (key) => {
    expect(check(await jobWith({}, { cache: [{ key: 'fine' }, { key }] }))).toThrow(
      `; got ${JSON.stringify(key)}. Set cache:key`,
    );
    expect(check(await jobWith({}, { cache: [{ key: 'a', fallback_keys: [key] }] }))).toThrow(/^cache: /);
    expect(check(await jobWith({ KEY: key }, { cache: [{ key: '$KEY' }] }))).toThrow(/^cache: /);
  });

  test('the default key of a cache is checked if there is a cache', async () => {
    const named = { job_info: { project_id: 7, name: 'test `x`' } };
    expect(check(await jobWith({}, { ...named, cache: [{}] }))).toThrow(/^cache: /);
    expect(check(await jobWith({}, named))).not.toThrow();
    const fine = { cache: [{ key: 'npm-$CI_COMMIT_REF_SLUG..x' }, {}], git_info: { ref: 'feature/a.b' } };
    expect(check(await jobWith({ CI_COMMIT_REF_SLUG: 'main' }, fine))).not.toThrow();
  });

  test('artifacts may have any name unless the runner writes a file with that name', async () => {
    const artifacts = [{ name: '../$X/evil' }];
    expect(check(await jobWith({}, { artifacts }))).not.toThrow();
    const variables = { RUNNER_GENERATE_ARTIFACTS_METADATA: 'true' };
    for (const on of ['true', 'TRUE', 't', '1', '01', '+1', '+001']) {
      const key = 'RUNNER_GENERATE_ARTIFACTS_METADATA';
      for (const job of [
        await jobWith({ [key]: on }, { artifacts }),
        await jobWith({}, { artifacts, variables: [{ key, value: on }] }),
      ])
        expect(check(job)).toThrow(/^artifacts:name: /);
    }
    expect(check(await jobWith(variables, { artifacts: [{ name: 'all-$CI_JOB_ID' }] }))).not.toThrow();
  });
});

describe('other ways to run programs on the machine', () => {
  test.each(['-ffdx', '-ffdx -e cache/ -e *.o --exclude=a-b_c.d', 'none', ''])('GIT_CLEAN_FLAGS may be %j', async (flags) => {
    const job = await jobWith({ GIT_CLEAN_FLAGS: flags });
    expect(check(job)).not.toThrow();
  });

  // git submodule foreach passes them to a shell
  test.each(['-ffdx; touch x', '-ffdx\ntouch x', '-e `x`', '-e $(x)', '$OTHER', '-e "a b"', "-e 'a'", '-e a|b', '-e a&b', '>x'])(
    'GIT_CLEAN_FLAGS may not be %j',
    async (flags) => {
      const expanded = await jobWith({ GIT_CLEAN_FLAGS: flags });
      const raw = await jobWith({ GIT_CLEAN_FLAGS: '-ffdx' }, { variables: [{ key: 'GIT_CLEAN_FLAGS', value: flags }] });
      for (const job of [expanded, raw]) expect(check(job)).toThrow(/^GIT_CLEAN_FLAGS: /);
    },
  );

  // git ls-files runs the program that core.fsmonitor of the repository names, and the job may have set that
  test.each(['artifacts', 'cache'])('%s:untracked is refused', async (key) => {
    const job = await jobWith({}, { [key]: [{ untracked: false }, { untracked: true }] });
    expect(check(job)).toThrow(
      /^this runner refuses untracked: true in artifacts and cache, because .* Name the files by paths instead/,
    );
  });
});
