// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../../src/config/index.ts';
import {
  withRunnerSettings,
  assertJobIsSafe,
  assertImageIsAllowed,
  assertWithinLimits,
  resolveTopologyFile,
} from '../../../../src/gitlab/executor/policy/job-policy.ts';
import { jobPaths } from '../../../../src/gitlab/executor/paths.ts';
import { defaultSettings, type Job } from '../../../../src/gitlab/executor/index.ts';
import { resolvedFlags } from '../../../support/runner/feature-flags.ts';
import { folder, jobWith, settingsOf } from './make.ts';

const settings = defaultSettings('/etc/alpy/executor.yaml');

function see(job: Job, by = settings): () => void {
  return () => {
    assertJobIsSafe(job, by);
  };
}

describe('variables', () => {
  test.each([
    ...['GIT_STRATEGY', 'GIT_DEPTH', 'GIT_CHECKOUT', 'GIT_CLEAN_FLAGS', 'GIT_CLONE_PATH', 'GIT_LFS_SKIP_SMUDGE'],
    ...['GIT_SUBMODULE_STRATEGY', 'GIT_SUBMODULE_DEPTH', 'GIT_SUBMODULE_PATHS', 'GIT_SUBMODULE_FORCE_HTTPS'],
    ...['GIT_SSL_NO_VERIFY', 'GIT_SSL_CAINFO', 'GIT_TERMINAL_PROMPT', 'GIT_AUTHOR_NAME', 'GIT_COMMITTER_EMAIL'],
    ...['HTTPS_PROXY', 'no_proxy', 'SSL_CERT_FILE', 'SSH_PRIVATE_KEY', 'PYTHON_VERSION', 'PATH_TO_IT', 'MY_GIT_DIR'],
    ...['FF_USE_FASTZIP', 'CI_DEBUG_TRACE', 'ALPY_APPLIANCE', 'TMPDIR', 'NODE_ENV'],
    // a program here would heed them, but none gets them
    ...['GIT_TOKEN', 'GIT_USER', 'GIT_SSH_COMMAND', 'PYTHONUNBUFFERED', 'NODE_OPTIONS', 'EDITOR', 'PAGER', 'ENV', 'PATH'],
    ...['LD_PRELOAD', 'BASH_ENV', 'HOME'],
  ])('%s may have any value', async (name) => {
    expect(see(await jobWith({ [name]: '1' }))).not.toThrow();
  });

  const hostileFlags = ['FF_ENABLE_JOB_CLEANUP', 'FF_POSIXLY_CORRECT_ESCAPES', 'FF_CLEAN_UP_FAILED_CACHE_EXTRACT'];

  test.each(hostileFlags)('%s may be off, as the runner says of every flag, and not on', async (name) => {
    for (const off of ['false', '0', 'f', 'F', 'FALSE', 'False', '', 'perhaps'])
      expect(see(await jobWith({ [name]: off }))).not.toThrow();
    for (const on of ['true', '1', 't', 'T', 'TRUE', 'True'])
      expect(see(await jobWith({ [name]: on }))).toThrow(`this runner does not take ${name}: ${on}, as `);
  });

  test('every flag of GitLab Runner with its default is taken', async () => {
    const flags = [...resolvedFlags(() => undefined)].map(([name, value]) => [name, String(value)]);
    expect(see(await jobWith(Object.fromEntries(flags) as Record<string, string>))).not.toThrow();
  });

  test.each(['GIT_SUBMODULE_PATHS', 'CI_PROJECT_PATH', 'CI_SERVER_HOST', 'CI_SERVER_SHELL_SSH_HOST'])(
    '%s stands in double quotes of a script, so it may have no signs that a shell heeds there',
    async (name) => {
      for (const value of ['$(touch x)', '`touch x`', '";touch x;"', '\\', 'a\nb', '${IFS}'])
        expect(see(await jobWith({ [name]: value }))).toThrow(`${name}: expected text without`);
      expect(see(await jobWith({ [name]: "/builds/a b/:(exclude)c*;&|'d" }))).not.toThrow();
    },
  );

  test.each(['a b', 'a;touch x', 'a|x', 'a&x', 'a>x', 'a(x)', "a'x", 'a#', 'a*', 'a[x]', 'a$(x)', 'a`x`', 'a"', 'a\\', 'a\nb'])(
    'a project in the folder %j is refused: a heredoc of the script writes below it without quotes',
    async (name) => {
      const message = 'GIT_CLONE_PATH: expected letters';
      const by = await settingsOf('root: "/root dir"');
      const { builds } = jobPaths(by, await jobWith());
      const path = `${builds}/${name}`;
      expect(see(await jobWith({ GIT_CLONE_PATH: path, CI_BUILDS_DIR: path }), by)).toThrow(message);
      // the variable may say something else than what the runner has made of it
      expect(see(await jobWith({ RUNNER_TEMP_PROJECT_DIR: `${path}.tmp`, CI_BUILDS_DIR: path }), by)).toThrow(message);
      const plain = `${builds}/src/git.example.com/Gruppe-ä_1/p@2+x`;
      expect(see(await jobWith({ GIT_CLONE_PATH: plain, RUNNER_TEMP_PROJECT_DIR: `${plain}.tmp` }), by)).not.toThrow();
    },
  );

  test('what stands in double quotes may not stand for another variable either', async () => {
    // the runner takes $FF_… for what the job says there; the driver is told what has become of the flag
    const variables = [
      { key: 'FF_USE_FASTZIP', value: '$(touch x)' },
      { key: 'GIT_SUBMODULE_PATHS', value: '$FF_USE_FASTZIP' },
    ];
    const job = await jobWith({ FF_USE_FASTZIP: 'true', GIT_SUBMODULE_PATHS: 'true' }, { variables });
    expect(see(job)).toThrow('GIT_SUBMODULE_PATHS: expected text without');
  });

  test.each(['A$(x)', '`x`', 'A"', '../x', 'a/b', '.glr.gconf', 'A=B', 'FF_POSIXLY_CORRECT_ESCAPES=0', 'a-b', '1a', 'a\n', ''])(
    'the name %j is refused, be it of a variable, of a secret or of what comes of either',
    async (key) => {
      const message = 'expected names of letters, digits and _';
      expect(see(await jobWith({}, { variables: [{ key, value: '' }] }))).toThrow(message);
      expect(see(await jobWith({}, { secrets: { [key]: { file: true } } }))).toThrow(message);
      if (!key.includes('=')) expect(see(await jobWith({ [key]: '' }))).toThrow(message);
    },
  );

  test('an administrator who trusts jobs takes all', async () => {
    const job = await jobWith(
      { LD_PRELOAD: 'x', GIT_CLEAN_FLAGS: '; x' },
      { hooks: [{ name: 'pre_get_sources_script', script: ['x'] }], artifacts: [{ untracked: true }] },
    );
    expect(see(job, await settingsOf('trustJobs: true'))).not.toThrow();
  });
});

describe('options of git', () => {
  test.each([
    ['GIT_FETCH_EXTRA_FLAGS', '--no-tags --prune'],
    ['GIT_FETCH_EXTRA_FLAGS', '  --depth 4 --jobs=2 -j4 -j 4 --filter=blob:none\t--shallow-since=2026-01-01 -q '],
    ['GIT_FETCH_EXTRA_FLAGS', 'none'],
    ['GIT_FETCH_EXTRA_FLAGS', ''],
    ['GIT_SUBMODULE_UPDATE_FLAGS', '--jobs 4'],
    ['GIT_SUBMODULE_UPDATE_FLAGS', '--remote --jobs 4 --force --filter blob:none'],
    ['GIT_CLONE_EXTRA_FLAGS', '--no-tags --single-branch'],
  ])('%s may be %j', async (name, value) => {
    expect(see(await jobWith({ [name]: value }))).not.toThrow();
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
    expect(see(await jobWith({ [name]: value }))).toThrow(`; got ${JSON.stringify(word)}, which`);
    expect(see(await jobWith({ [name]: '' }, { variables: [{ key: name, value }] }))).toThrow(`${name}: expected some of -`);
  });
});

describe('names that a shell of the runner reads', () => {
  test.each(['$(touch x)', '`touch x`', 'a/../../other', '$$(x)', '..'])('a cache may not have the key %j', async (key) => {
    expect(see(await jobWith({}, { cache: [{ key: 'fine' }, { key }] }))).toThrow(`; got ${JSON.stringify(key)}. Set cache:key`);
    expect(see(await jobWith({}, { cache: [{ key: 'a', fallback_keys: [key] }] }))).toThrow('cache: expected a key without');
    expect(see(await jobWith({ KEY: key }, { cache: [{ key: '$KEY' }] }))).toThrow('cache: expected a key without');
  });

  test('the default key of a cache counts too, where there is one', async () => {
    const named = { job_info: { project_id: 7, name: 'test `x`' } };
    expect(see(await jobWith({}, { ...named, cache: [{}] }))).toThrow('cache: expected a key without');
    expect(see(await jobWith({}, named))).not.toThrow();
    const fine = { cache: [{ key: 'npm-$CI_COMMIT_REF_SLUG..x' }, {}], git_info: { ref: 'feature/a.b' } };
    expect(see(await jobWith({ CI_COMMIT_REF_SLUG: 'main' }, fine))).not.toThrow();
  });

  test('artifacts may be called anything, unless the runner writes a file of that name', async () => {
    const artifacts = [{ name: '../$X/evil' }];
    expect(see(await jobWith({}, { artifacts }))).not.toThrow();
    const variables = { RUNNER_GENERATE_ARTIFACTS_METADATA: 'true' };
    for (const on of ['true', 'TRUE', 't', '1', '01', '+1', '+001']) {
      const key = 'RUNNER_GENERATE_ARTIFACTS_METADATA';
      for (const job of [
        await jobWith({ [key]: on }, { artifacts }),
        await jobWith({}, { artifacts, variables: [{ key, value: on }] }),
      ])
        expect(see(job)).toThrow('artifacts:name: expected a name without');
    }
    expect(see(await jobWith(variables, { artifacts: [{ name: 'all-$CI_JOB_ID' }] }))).not.toThrow();
  });
});

describe('what else runs programs of the runner', () => {
  test('hooks are refused by name', async () => {
    const job = await jobWith({}, { hooks: [{ name: 'pre_get_sources_script', script: ['x'] }] });
    expect(see(job)).toThrow('this runner does not run hooks (pre_get_sources_script)');
  });

  test.each(['-ffdx', '-ffdx -e cache/ -e *.o --exclude=a-b_c.d', 'none', ''])('GIT_CLEAN_FLAGS may be %j', async (flags) => {
    const job = await jobWith({ GIT_CLEAN_FLAGS: flags });
    expect(see(job)).not.toThrow();
  });

  // git submodule foreach hands them to a shell
  test.each(['-ffdx; touch x', '-ffdx\ntouch x', '-e `x`', '-e $(x)', '$OTHER', '-e "a b"', "-e 'a'", '-e a|b', '-e a&b', '>x'])(
    'GIT_CLEAN_FLAGS may not be %j',
    async (flags) => {
      const said = await jobWith({ GIT_CLEAN_FLAGS: flags });
      const unsaid = await jobWith({ GIT_CLEAN_FLAGS: '-ffdx' }, { variables: [{ key: 'GIT_CLEAN_FLAGS', value: flags }] });
      for (const job of [said, unsaid])
        expect(() => {
          assertJobIsSafe(job, settings);
        }).toThrow('GIT_CLEAN_FLAGS: wanted are options and names without quotes');
    },
  );

  // git ls-files runs what core.fsmonitor of the repository names, and the job may have set that
  test.each(['artifacts', 'cache'])('%s:untracked is refused', async (key) => {
    const job = await jobWith({}, { [key]: [{ untracked: false }, { untracked: true }] });
    expect(see(job)).toThrow('untracked: true');
  });
});

describe('images', () => {
  test.each([
    ['alpine:3', ['alpine:3'], true],
    ['alpine:3.20', ['alpine:3'], false],
    ['alpine:3.20', ['alpine:*'], true],
    ['registry.example/a/b:1', ['registry.example/*'], false],
    ['registry.example/a:1', ['registry.example/*'], true],
    ['registry.example/a/b:1', ['registry.example/**'], true],
    ['registry.example.evil.net/a', ['registry.example/**'], false],
    ['registryXexample/a', ['registry.example/*'], false],
    ['alpine\nx', ['alpine'], false],
    ['own:1', [], true],
    ['anything', [], false],
    ['anything/at@sha256:1', ['**'], true],
  ])('%j with %j: %j', async (image, allow, isAllowed) => {
    const settings = await settingsOf(JSON.stringify({ images: { allow } }));
    const see = (): void => {
      assertImageIsAllowed(image, ['own:1'], settings);
    };
    if (isAllowed) expect(see).not.toThrow();
    else expect(see).toThrow(`does not run the image ${JSON.stringify(image)}; allowed are: own:1`);
  });
});

describe('limits', () => {
  const config = (appliance: object, links = 2) =>
    resolveConfig({
      file: '/p/alpy.yaml',
      raw: { appliance: { image: 'a.qcow2', ...appliance }, topology: { links } },
      directory: '/p',
    }).config;

  test('all that is too much is told', async () => {
    const settings = await settingsOf('limits: { memoryMiB: 512, cpus: 1, links: 2 }');
    expect(() => {
      assertWithinLimits(config({ memoryMiB: 513, cpus: 2, qemuArgs: ['-s'] }, 3), false, settings);
    }).toThrow(
      `(${settings.file}):\n  appliance.memoryMiB: at most 512\n  appliance.cpus: at most 1\n  topology.links: at most 2\n  appliance.qemuArgs: none`,
    );
    expect(() => {
      assertWithinLimits(config({ memoryMiB: 512 }), false, settings);
    }).not.toThrow();
  });

  test('arguments of QEMU are for the administrator, or who has trust', async () => {
    const described = config({ qemuArgs: ['-s'] });
    const trusting = await settingsOf('trustJobs: true');
    for (const [isOwn, of] of [
      [true, settings],
      [false, trusting],
    ] as const)
      expect(() => {
        assertWithinLimits(described, isOwn, of);
      }).not.toThrow();
  });

  test("locations of images and the store are the administrator's", async () => {
    const settings = await settingsOf('{ snapshotsMiB: 5, alpyImages: { registry: own.example } }');
    const loaded = resolveConfig({
      file: '/p/alpy.yaml',
      raw: { appliance: { image: 'a' }, images: { qemu: 'evil' }, snapshots: { directory: '/', maxMiB: 9 } },
      directory: '/p',
    });
    const { images, snapshots } = withRunnerSettings(loaded, settings);
    expect([images, snapshots]).toEqual([{ registry: 'own.example' }, { maxMiB: 5 }]);
  });
});

describe('the file that describes the testbed', () => {
  test('a YAML file of the project, or a link to one', async () => {
    const project = await folder();
    await mkdir(join(project, 'ci'));
    await writeFile(join(project, 'ci', 'bed.yml'), '');
    await symlink('ci/bed.yml', join(project, 'alpy.yaml'));
    expect(await resolveTopologyFile(project, 'ci/bed.yml')).toBe(join(project, 'ci/bed.yml'));
    expect(await resolveTopologyFile(project, 'alpy.yaml')).toBe(join(project, 'alpy.yaml'));
  });

  test('no program, nothing that is not there, nothing outside', async () => {
    const project = await folder();
    const outside = await folder();
    await writeFile(join(outside, 'alpy.yaml'), '');
    await symlink(join(outside, 'alpy.yaml'), join(project, 'link.yaml'));
    await symlink(outside, join(project, 'there'));
    await expect(resolveTopologyFile(project, 'alpy.config.ts')).rejects.toThrow(
      'expected a YAML file of the project, got "alpy.config.ts"',
    );
    await expect(resolveTopologyFile(project, 'alpy.yaml')).rejects.toThrow(/the project has no alpy\.yaml\. Set ALPY_APPLIANCE/);
    for (const name of ['link.yaml', 'there/alpy.yaml', join(outside, 'alpy.yaml'), '../alpy.yaml'])
      await expect(resolveTopologyFile(project, name)).rejects.toThrow(/lies outside of the project|no testbed is described/);
  });
});
