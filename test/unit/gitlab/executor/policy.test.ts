// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../../src/config/index.ts';
import { ownParts, seeHarmless, seeImageAllowed, seeWithinLimits, topologyFile } from '../../../../src/gitlab/executor/policy.ts';
import { defaultSettings } from '../../../../src/gitlab/executor/index.ts';
import { folder, jobWith, settingsOf } from './make.ts';

const settings = defaultSettings('/etc/alpy/executor.yaml');

describe('variables that a program of the runner heeds', () => {
  test.each([
    // git: what it runs, reads or writes instead
    ...['GIT_ALLOW_PROTOCOL', 'GIT_ASKPASS', 'GIT_CONFIG_COUNT', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_PARAMETERS', 'GIT_DIR'],
    ...['GIT_EDITOR', 'GIT_EXEC_PATH', 'GIT_EXTERNAL_DIFF', 'GIT_PAGER', 'GIT_PROXY_COMMAND', 'GIT_SSH', 'GIT_SSH_COMMAND'],
    ...['GIT_TEMPLATE_DIR', 'GIT_TRACE', 'GIT_TRACE2_EVENT', 'GIT_WORK_TREE', 'GIT_REDIRECT_STDOUT', 'GIT_PROTOCOL_FROM_USER'],
    ...['GIT_CLONE_EXTRA_FLAGS', 'GIT_FETCH_EXTRA_FLAGS', 'GIT_SUBMODULE_UPDATE_FLAGS', 'GIT_LFS_PROGRESS', 'GIT_ANYTHING'],
    ...['SSH_ASKPASS', 'SSH_ASKPASS_REQUIRE', 'SSH_SK_PROVIDER', 'SSH_SK_HELPER', 'SSH_PKCS11_HELPER', 'SSH_AUTH_SOCK'],
    // shell and loader
    ...['PATH', 'HOME', 'IFS', 'ENV', 'BASH_ENV', 'SHELLOPTS', 'BASHOPTS', 'PS4', 'PROMPT_COMMAND', 'CDPATH'],
    ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'GLIBC_TUNABLES'],
    ...['PYTHONPATH', 'PYTHONSTARTUP', 'PERL5LIB', 'PERL5OPT', 'PERLLIB', 'NODE_OPTIONS', 'XDG_CONFIG_HOME'],
    ...['PAGER', 'EDITOR', 'VISUAL', 'LESSOPEN', 'LESSCLOSE'],
    // libraries that load modules or write files
    ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES', 'SSLKEYLOGFILE', 'CPU_PROFILE'],
    // has git clean up on the runner's machine, in a repository that the job has changed
    'FF_ENABLE_JOB_CLEANUP',
  ])('%s is refused', async (name) => {
    const job = await jobWith({ [name]: 'x' });
    expect(() => {
      seeHarmless(job, settings);
    }).toThrow(`this runner does not take the variable ${name}, as`);
  });

  test.each([
    ...['GIT_STRATEGY', 'GIT_DEPTH', 'GIT_CHECKOUT', 'GIT_CLEAN_FLAGS', 'GIT_CLONE_PATH', 'GIT_LFS_SKIP_SMUDGE'],
    ...['GIT_SUBMODULE_STRATEGY', 'GIT_SUBMODULE_DEPTH', 'GIT_SUBMODULE_PATHS', 'GIT_SUBMODULE_FORCE_HTTPS'],
    ...['GIT_SSL_NO_VERIFY', 'GIT_SSL_CAINFO', 'GIT_TERMINAL_PROMPT', 'GIT_AUTHOR_NAME', 'GIT_COMMITTER_EMAIL'],
    ...['HTTPS_PROXY', 'no_proxy', 'SSL_CERT_FILE', 'SSH_PRIVATE_KEY', 'PYTHON_VERSION', 'PATH_TO_IT', 'MY_GIT_DIR'],
    ...['FF_USE_FASTZIP', 'CI_DEBUG_TRACE', 'ALPY_APPLIANCE', 'TMPDIR', 'NODE_ENV'],
  ])('%s is taken', async (name) => {
    const job = await jobWith({ [name]: '1' });
    expect(() => {
      seeHarmless(job, settings);
    }).not.toThrow();
  });

  test('one that only the response has counts too, and all are named at once', async () => {
    const variables = [
      { key: 'LD_PRELOAD', value: 'x' },
      { key: 'FINE', value: 'x' },
    ];
    const job = await jobWith({ GIT_SSH: 'x' }, { variables });
    expect(() => {
      seeHarmless(job, settings);
    }).toThrow(/the variables GIT_SSH, LD_PRELOAD, as .* Set them in the script instead\. .*trustJobs in .*executor\.yaml$/);
  });

  test('an administrator who trusts jobs takes all', async () => {
    const job = await jobWith(
      { LD_PRELOAD: 'x', GIT_CLEAN_FLAGS: '; x' },
      { hooks: [{ name: 'pre_get_sources_script', script: ['x'] }], artifacts: [{ untracked: true }] },
    );
    const settings = await settingsOf('trustJobs: true');
    expect(() => {
      seeHarmless(job, settings);
    }).not.toThrow();
  });
});

describe('what else runs programs of the runner', () => {
  test('hooks are refused by name', async () => {
    const job = await jobWith({}, { hooks: [{ name: 'pre_get_sources_script', script: ['x'] }] });
    expect(() => {
      seeHarmless(job, settings);
    }).toThrow('this runner does not run hooks (pre_get_sources_script)');
  });

  test.each(['-ffdx', '-ffdx -e cache/ -e *.o --exclude=a-b_c.d', 'none', ''])('GIT_CLEAN_FLAGS may be %j', async (flags) => {
    const job = await jobWith({ GIT_CLEAN_FLAGS: flags });
    expect(() => {
      seeHarmless(job, settings);
    }).not.toThrow();
  });

  // git submodule foreach hands them to a shell
  test.each(['-ffdx; touch x', '-ffdx\ntouch x', '-e `x`', '-e $(x)', '$OTHER', '-e "a b"', "-e 'a'", '-e a|b', '-e a&b', '>x'])(
    'GIT_CLEAN_FLAGS may not be %j',
    async (flags) => {
      const said = await jobWith({ GIT_CLEAN_FLAGS: flags });
      const unsaid = await jobWith({ GIT_CLEAN_FLAGS: '-ffdx' }, { variables: [{ key: 'GIT_CLEAN_FLAGS', value: flags }] });
      for (const job of [said, unsaid])
        expect(() => {
          seeHarmless(job, settings);
        }).toThrow('GIT_CLEAN_FLAGS: wanted are options and names without quotes');
    },
  );

  // git ls-files runs what core.fsmonitor of the repository names, and the job may have set that
  test.each(['artifacts', 'cache'])('%s:untracked is refused', async (key) => {
    const job = await jobWith({}, { [key]: [{ untracked: false }, { untracked: true }] });
    expect(() => {
      seeHarmless(job, settings);
    }).toThrow('untracked: true');
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
      seeImageAllowed(image, ['own:1'], settings);
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
      seeWithinLimits(config({ memoryMiB: 513, cpus: 2, qemuArgs: ['-s'] }, 3), false, settings);
    }).toThrow(
      `(${settings.file}):\n  appliance.memoryMiB: at most 512\n  appliance.cpus: at most 1\n  topology.links: at most 2\n  appliance.qemuArgs: none`,
    );
    expect(() => {
      seeWithinLimits(config({ memoryMiB: 512 }), false, settings);
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
        seeWithinLimits(described, isOwn, of);
      }).not.toThrow();
  });

  test("locations of images and the store are the administrator's", async () => {
    const settings = await settingsOf('{ snapshotsMiB: 5, alpyImages: { registry: own.example } }');
    const loaded = resolveConfig({
      file: '/p/alpy.yaml',
      raw: { appliance: { image: 'a' }, images: { qemu: 'evil' }, snapshots: { directory: '/', maxMiB: 9 } },
      directory: '/p',
    });
    const { images, snapshots } = ownParts(loaded, settings);
    expect([images, snapshots]).toEqual([{ registry: 'own.example' }, { maxMiB: 5 }]);
  });
});

describe('the file that describes the testbed', () => {
  test('a YAML file of the project, or a link to one', async () => {
    const project = await folder();
    await mkdir(join(project, 'ci'));
    await writeFile(join(project, 'ci', 'bed.yml'), '');
    await symlink('ci/bed.yml', join(project, 'alpy.yaml'));
    expect(await topologyFile(project, 'ci/bed.yml')).toBe(join(project, 'ci/bed.yml'));
    expect(await topologyFile(project, 'alpy.yaml')).toBe(join(project, 'alpy.yaml'));
  });

  test('no program, nothing that is not there, nothing outside', async () => {
    const project = await folder();
    const outside = await folder();
    await writeFile(join(outside, 'alpy.yaml'), '');
    await symlink(join(outside, 'alpy.yaml'), join(project, 'link.yaml'));
    await symlink(outside, join(project, 'there'));
    await expect(topologyFile(project, 'alpy.config.ts')).rejects.toThrow(
      'wanted a YAML file of the project, found "alpy.config.ts"',
    );
    await expect(topologyFile(project, 'alpy.yaml')).rejects.toThrow(
      /alpy\.yaml in the project: there is no such file\. Set ALPY_APPLIANCE/,
    );
    for (const name of ['link.yaml', 'there/alpy.yaml', join(outside, 'alpy.yaml'), '../alpy.yaml'])
      await expect(topologyFile(project, name)).rejects.toThrow(/lies outside of the project|there is no such file/);
  });
});
