// SPDX-License-Identifier: GPL-3.0-or-later
// Which variables of a job reach programs on the runner's machine, with scripts written as the runner writes them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filteringShell } from '../../../../src/gitlab/executor/policy/host-shell.ts';
import { runPredefined } from '../../../../src/gitlab/executor/stages/predefined.ts';
import { BashWriter } from '../../../support/runner/bash-writer.ts';
import { resolvedFlags } from '../../../support/runner/feature-flags.ts';
import { folder } from '../../../unit/gitlab/executor/make.ts';

const never = new AbortController().signal;

/** Runs a script with variables of a job. @returns the environment that its programs got */
async function environmentOf(
  variables: Readonly<Record<string, string>>,
  options: {
    readonly allow?: readonly string[];
    readonly exported?: string;
    readonly flags?: Readonly<Record<string, string>>;
    readonly trace?: boolean;
  } = {},
): Promise<Readonly<Record<string, string>>> {
  const directory = await folder();
  const temporary = join(directory, 'project.tmp');
  await mkdir(temporary);
  const writer = new BashWriter({ temporary, flags: resolvedFlags((name) => options.flags?.[name]) });
  for (const [key, value] of Object.entries(variables)) writer.variable({ key, value: value.replace('TEMPORARY', temporary) });
  if (options.exported !== undefined) await writeFile(writer.temporary('gitlab_runner_env'), options.exported);
  writer.sourceEnvironment(writer.temporary('gitlab_runner_env'));
  writer.line(`env -0 >${directory}/environment`);
  const script = join(directory, 'script');
  await writeFile(script, writer.finish(options.trace ?? false));
  const env = { PATH: process.env['PATH'], OWN: 'of the administrator' };
  expect(await runPredefined(script, env, never, filteringShell(temporary, options.allow ?? []))).toBe(0);
  const pairs = (await readFile(join(directory, 'environment'), 'utf8')).split('\0').slice(0, -1);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

const unsafe = [
  ...['PATH', 'HOME', 'IFS', 'ENV', 'BASH_ENV', 'PS4', 'PROMPT_COMMAND', 'CDPATH', 'POSIXLY_CORRECT', 'TMPDIR', 'LANGUAGE'],
  ...['GIT_ASKPASS', 'GIT_CONFIG_COUNT', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_PARAMETERS', 'GIT_DIR', 'GIT_EDITOR', 'GIT_EXEC_PATH'],
  ...['GIT_EXTERNAL_DIFF', 'GIT_PAGER', 'GIT_PROXY_COMMAND', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_TEMPLATE_DIR', 'GIT_TRACE'],
  ...['GIT_TOKEN', 'GIT_USER', 'GIT_ANYTHING', 'SSH_ASKPASS', 'SSH_SK_PROVIDER', 'SSH_AUTH_SOCK', 'GLR_EXT_GIT_CONFIG_PATH'],
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'GLIBC_TUNABLES', 'XDG_CONFIG_HOME'],
  ...['PYTHONUNBUFFERED', 'PYTHONPATH', 'PERL5OPT', 'NODE_OPTIONS', 'PAGER', 'EDITOR', 'VISUAL', 'LESSOPEN'],
  ...[
    'OPENSSL_CONF',
    'SSLKEYLOGFILE',
    'CPU_PROFILE',
    'AWS_CONFIG_FILE',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'ARCHIVER_STAGING_DIR',
  ],
  ...['GODEBUG', 'ZONEINFO', 'GNUPGHOME', 'NETRC', 'CONFIG_FILE', 'ANYTHING', '_CI', 'XCI_A'],
];

test.each(['', 'true'])('programs get no unsafe variables (FF_USE_LEGACY_BASH_EVAL: %j)', async (legacy) => {
  const variables = Object.fromEntries(unsafe.map((name) => [name, `evil ${name}`]));
  const found = await environmentOf({ ...variables, CI_LAST: 'there' }, { flags: { FF_USE_LEGACY_BASH_EVAL: legacy } });
  expect(found).toMatchObject({ CI_LAST: 'there', OWN: 'of the administrator', PATH: process.env['PATH'] });
  expect(Object.values(found).filter((value) => value.startsWith('evil'))).toEqual([]);
});

test('programs get the variables for git and gitlab-runner, byte for byte', async () => {
  const value = `it's "$(exit 9)" \`x\` \${IFS} \\n\n\t*?~ =ä\x01`;
  const names = ['CI', 'CI_JOB_NAME', 'GITLAB_USER_NAME', 'FF_USE_FASTZIP', 'GIT_SSL_NO_VERIFY', 'https_proxy', 'FASTZIP_X'];
  const variables = Object.fromEntries(names.map((name) => [name, value]));
  expect(await environmentOf(variables)).toMatchObject(variables);
});

test("git's settings can only be the files that the runner wrote", async () => {
  const own = { GIT_CONFIG_GLOBAL: 'TEMPORARY/.glr.gconf', GLR_EXT_GIT_CONFIG_PATH: 'TEMPORARY/.gitlab-runner.ext.conf' };
  const found = await environmentOf(own);
  expect(found['GIT_CONFIG_GLOBAL']).toMatch(/\/project\.tmp\/\.glr\.gconf$/);
  expect(found['GLR_EXT_GIT_CONFIG_PATH']).toMatch(/\/project\.tmp\/\.gitlab-runner\.ext\.conf$/);
  const other = { GIT_CONFIG_GLOBAL: 'TEMPORARY/.glr.gconf/../evil', GLR_EXT_GIT_CONFIG_PATH: '/evil' };
  expect(Object.keys(await environmentOf(other))).not.toEqual(expect.arrayContaining([expect.stringMatching(/CONFIG/)]));
});

test('variables that scripts export for later ones are filtered too, even if their lines are malformed', async () => {
  const lines = [
    'PATH=/evil',
    'LD_PRELOAD=/evil',
    'CI_FINE=1',
    '-n PATH',
    '-f export',
    'a[$(exit 9)]=1',
    'PATH+=:/evil',
    'BASH_ENV',
  ];
  const found = await environmentOf({}, { exported: `${lines.join('\n')}\n` });
  expect(found).toMatchObject({ CI_FINE: '1', PATH: process.env['PATH'] });
  expect(found).not.toHaveProperty('LD_PRELOAD');
  expect(found).not.toHaveProperty('BASH_ENV');
});

test('xtrace does not weaken the filter', async () => {
  const found = await environmentOf({ PS4: '$(touch trap)+', CI_FINE: '1', PATH: '/evil' }, { trace: true });
  expect(found).toMatchObject({ CI_FINE: '1', PATH: process.env['PATH'] });
  expect(found).not.toHaveProperty('PS4');
});

test('variables.allow adds names', async () => {
  const found = await environmentOf({ LANG: 'C', AWS_REGION: 'x', AWS: 'y' }, { allow: ['LANG', 'AWS_*'] });
  expect(found).toMatchObject({ LANG: 'C', AWS_REGION: 'x' });
  expect(found).not.toHaveProperty('AWS');
});

test('gitlab-runner gets the values of withheld variables in paths and names, escaped', async () => {
  const directory = await folder();
  const output = join(directory, 'output');
  await mkdir(join(directory, 'bin'));
  await writeFile(
    join(directory, 'bin/gitlab-runner'),
    `#!/bin/sh\nprintf '%s\\n' "$@" >${output}\nenv | grep -c '^DIR=' >>${output} || true\n`,
    {
      mode: 0o755,
    },
  );
  const writer = new BashWriter({ temporary: join(directory, 'tmp'), flags: resolvedFlags(() => undefined) });
  writer.variable({ key: 'DIR', value: 'a b/$X`y`\\' });
  const options = ['--path', '$DIR/*', '--exclude', 'x${DIR}y$CI_A-$NONE', '--name', '${DIR:-z}', '--token', '$DIR'];
  writer.line('gitlab-runner --version');
  writer.command('gitlab-runner', 'artifacts-uploader', ...options);
  const script = join(directory, 'script');
  await writeFile(script, writer.finish(false).replace('exit 0', 'exit 3'));
  const env = { PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}` };
  expect(await runPredefined(script, env, never, filteringShell(join(directory, 'tmp'), []))).toBe(3);
  const value = 'a b/\\$X\\`y\\`\\\\';
  expect((await readFile(output, 'utf8')).trimEnd().split('\n')).toEqual([
    ...['artifacts-uploader', '--path', `${value}/*`, '--exclude', `x${value}y$CI_A-$NONE`, '--name', '${DIR:-z}'],
    ...['--token', '$DIR', '0'],
  ]);
});
