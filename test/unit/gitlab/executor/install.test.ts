// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import {
  defaultSettings,
  install,
  loadSettings,
  configExcerpt,
  readRunner,
  settingsJsonSchema,
  timeoutSuggestion,
  requiredKeys,
} from '../../../../src/gitlab/executor/index.ts';
import { folder } from './make.ts';

const program = ['/opt/node/bin/node', '/opt/alpy/bin.js', 'executor'];

const before = `# ours: do not lose this
concurrent = 2 # two cores

[[runners]]
  name = "images" # with a # in its comment
  executor = "docker"
  builds_dir = "/builds"
  [runners.docker]
    image = "alpine"

[[runners]]
  name = "bed [1]"
  url = "https://gitlab.example/"
  token = "glrt-a#b" # secret
  executor = "custom"
  builds_dir = "/builds" # was so
  environment = [
    "A=[[runners]]", # no header
    "B=1",
  ]
  pre_build_script = """
[runners.custom]
run_exec = "no"
"""
  [runners.cache]
    MaxUploadedArchiveSize = 0
  [runners.custom]
    run_exec = ""
    run_args = [
      "old",
    ]
    graceful_kill_timeout = 30

# behind all
[session_server]
  session_timeout = 1800
`;

const after = (settings: string): string => `# ours: do not lose this
concurrent = 2 # two cores

[[runners]]
  name = "images" # with a # in its comment
  executor = "docker"
  builds_dir = "/builds"
  [runners.docker]
    image = "alpine"

[[runners]]
  name = "bed [1]"
  url = "https://gitlab.example/"
  token = "glrt-a#b" # secret
  executor = "custom"
  builds_dir = "/var/lib/alpy/builds" # was so
  environment = [
    "A=[[runners]]", # no header
    "B=1",
  ]
  pre_build_script = """
[runners.custom]
run_exec = "no"
"""
  shell = "bash"
  cache_dir = "/var/lib/alpy/cache"
  [runners.cache]
    MaxUploadedArchiveSize = 0
  [runners.custom]
    run_exec = "/opt/node/bin/node"
    run_args = [ "/opt/alpy/bin.js", "executor", "run", "--settings", "${settings}" ]
    graceful_kill_timeout = 30
    config_exec = "/opt/node/bin/node"
    config_args = [ "/opt/alpy/bin.js", "executor", "config", "--settings", "${settings}" ]
    prepare_exec = "/opt/node/bin/node"
    prepare_args = [ "/opt/alpy/bin.js", "executor", "prepare", "--settings", "${settings}" ]
    cleanup_exec = "/opt/node/bin/node"
    cleanup_args = [ "/opt/alpy/bin.js", "executor", "cleanup", "--settings", "${settings}" ]
  [runners.custom_build_dir]
    enabled = true

# behind all
[session_server]
  session_timeout = 1800
`;

async function files(text: string | undefined) {
  const directory = await folder();
  const runnerConfig = join(directory, 'config.toml');
  if (text !== undefined) await writeFile(runnerConfig, text, { mode: 0o600 });
  const settings = join(directory, 'alpy', 'executor.yaml');
  return { directory, runnerConfig, settings, name: undefined, program };
}

describe('install', () => {
  test('changes only what it must; a second call changes nothing', async () => {
    const where = await files(before);
    const done = await install(where);
    expect(done.map((line) => line.split(':')[0])).toEqual([`wrote ${where.settings}`, `wrote ${where.runnerConfig}`]);
    expect(await readFile(where.runnerConfig, 'utf8')).toBe(after(where.settings));
    expect(await readFile(`${where.runnerConfig}.alpy-backup`, 'utf8')).toBe(before);
    for (const file of [where.runnerConfig, `${where.runnerConfig}.alpy-backup`, where.settings])
      expect((await stat(file)).mode & 0o777).toBe(0o600); // they contain tokens and passwords

    expect(await install(where)).toEqual([]);
    expect(await readFile(where.runnerConfig, 'utf8')).toBe(after(where.settings));
    expect((await readdir(where.directory)).sort()).toEqual(['alpy', 'config.toml', 'config.toml.alpy-backup']);
  });

  test('handles a runner that was just registered, with Unix and Windows line ends', async () => {
    const text =
      'concurrent = 1\n\n[[runners]]\nname = "a"\nexecutor = "custom"\n\n[[runners]]\nname = "b"\nexecutor = "shell"\n';
    for (const lineEnd of ['\n', '\r\n']) {
      const where = await files(text.replaceAll('\n', lineEnd));
      await install(where);
      const edited = await readFile(where.runnerConfig, 'utf8');
      expect(edited.split(lineEnd).slice(0, 8)).toEqual([
        'concurrent = 1',
        '',
        '[[runners]]',
        'name = "a"',
        'executor = "custom"',
        'shell = "bash"',
        'builds_dir = "/var/lib/alpy/builds"',
        'cache_dir = "/var/lib/alpy/cache"',
      ]);
      expect(edited.endsWith(['', '[[runners]]', 'name = "b"', 'executor = "shell"', ''].join(lineEnd))).toBe(true);
      expect(await install(where)).toEqual([]);
    }
  });

  test.each([
    ['nothing', '', { enabled: true }],
    ['an empty table, as gitlab-runner register writes it', '  [runners.custom_build_dir]\n', { enabled: true }],
    ['enabled = false', '  [runners.custom_build_dir]\n    enabled = false\n', { enabled: false }],
  ])('allows GIT_CLONE_PATH unless config.toml forbids it: custom_build_dir has %s', async (_, text, expected) => {
    const where = await files(`[[runners]]\n  name = "a"\n  executor = "custom"\n${text}[[runners]]\n  name = "b"\n`);
    await install(where);
    const { runners } = parse(await readFile(where.runnerConfig, 'utf8')) as { runners: Record<string, unknown>[] };
    expect(runners.map(({ custom_build_dir: table }) => table)).toEqual([expected, undefined]);
    expect(await install(where)).toEqual([]);
  });

  test('keeps existing settings and uses their root', async () => {
    const where = await files(before);
    await mkdir(join(where.directory, 'alpy'));
    await writeFile(where.settings, 'root: /srv/alpy # short\n');
    expect(await install(where)).toHaveLength(1);
    expect(await readFile(where.settings, 'utf8')).toBe('root: /srv/alpy # short\n');
    expect(await readFile(where.runnerConfig, 'utf8')).toContain('builds_dir = "/srv/alpy/builds" # was so');
  });

  test('changes the target of a link, and keeps the link', async () => {
    const where = await files(before);
    const link = join(where.directory, 'link.toml');
    await symlink(where.runnerConfig, link);
    await install({ ...where, runnerConfig: link });
    expect(await readFile(where.runnerConfig, 'utf8')).toBe(after(where.settings));
  });

  test('changes the runner named by --name if there are several', async () => {
    const where = await files('[[runners]]\nname = "a"\nexecutor = "custom"\n[[runners]]\nname = "b"\nexecutor = "custom"\n');
    await expect(install(where)).rejects.toThrow('several runners have executor = "custom": "a", "b". Choose one: --name NAME');
    await install({ ...where, name: 'b' });
    const { runners } = parse(await readFile(where.runnerConfig, 'utf8')) as { runners: Record<string, unknown>[] };
    expect(runners.map(({ shell }) => shell)).toEqual([undefined, 'bash']);
  });

  const custom = '[[runners]]\nname = "a"\nexecutor = "custom"\n';
  test.each([
    [
      'no file',
      undefined,
      undefined,
      /config\.toml does not exist\. Install GitLab Runner, then run: gitlab-runner register --executor custom/,
    ],
    ['no TOML', '[[runners]\n', undefined, /config\.toml:\n {2}Invalid TOML document/],
    ['no list', 'runners = 5\n', undefined, /config\.toml:\n {2}runners: /],
    [
      'no runner',
      'concurrent = 1\n',
      undefined,
      /no runner has executor = "custom"\. It has: none\. To add one, run: gitlab-runner register/,
    ],
    [
      'another runner',
      '[[runners]]\nname = "s"\nexecutor = "shell"\n',
      undefined,
      /no runner has executor = "custom"\. It has: "s"/,
    ],
    ['an unknown name', custom, 'b', /there is no runner "b"\. It has: "a"/],
    ['two of a name', custom + custom, 'a', /2 runners have the name "a"\. Give them different names/],
    ['another executor', '[[runners]]\nname = "s"\nexecutor = "shell"\n', 's', /has executor = "shell", expected "custom"/],
    [
      'a table in a line',
      `${custom}custom = { run_exec = "" }\n`,
      undefined,
      /^alpy cannot change .* without losing something.* --print prints/,
    ],
    ['dotted keys', `${custom}custom.run_exec = ""\n`, undefined, /^alpy cannot change .* It was not changed/],
  ])('%s: reports what to do, and changes nothing', async (_, text, name, message) => {
    const where = await files(text);
    await expect(install({ ...where, name })).rejects.toThrow(message);
    if (text !== undefined) expect(await readFile(where.runnerConfig, 'utf8')).toBe(text);
  });

  test('refuses a read-only config.toml and invalid settings', async () => {
    const where = await files(before);
    await chmod(where.runnerConfig, 0o400);
    await expect(install(where)).rejects.toThrow(/is read-only\. Another program .* chmod u\+w/);
    await chmod(where.runnerConfig, 0o600);
    await writeFile(where.settings, 'rot: /x\n');
    await expect(install(where)).rejects.toMatchObject({ code: 'ALPY_EXECUTOR_SETTINGS' });
    expect(await readFile(where.runnerConfig, 'utf8')).toBe(before);
  });

  test('suggests RUNNER_SCRIPT_TIMEOUT unless config.toml sets it', () => {
    expect(timeoutSuggestion({ own: { environment: ['A=RUNNER_SCRIPT_TIMEOUT=1m'] } })).toContain('RUNNER_SCRIPT_TIMEOUT=50m');
    expect(timeoutSuggestion({ own: {} })).toContain("less than the job's timeout");
    expect(timeoutSuggestion({ own: { environment: ['A=1', 'RUNNER_SCRIPT_TIMEOUT=20m'] } })).toBeUndefined();
    expect(configExcerpt(requiredKeys(defaultSettings('/s.yaml'), program))).toMatch(
      /^ {2}# environment = \["RUNNER_SCRIPT_TIMEOUT=/m,
    );
  });

  test('prints the part of config.toml that it would write', async () => {
    const where = await files(before);
    await install(where);
    const required = requiredKeys(defaultSettings(where.settings), program);
    const [printed] = (parse(configExcerpt(required)) as unknown as { runners: [{ custom: object }] }).runners;
    const { runner } = await readRunner(where);
    expect(runner.own).toMatchObject({ ...printed, custom: { ...printed.custom, graceful_kill_timeout: 30 } });
  });
});

test('the settings file that install writes has every key with its default', async () => {
  const where = await files(before);
  await install(where);
  expect(await loadSettings(where.settings)).toEqual(defaultSettings(where.settings));
  const text = await readFile(where.settings, 'utf8');
  expect(parseDocument(text).errors).toEqual([]);
  for (const key of Object.keys(settingsJsonSchema()['properties'] as object))
    expect(text).toMatch(new RegExp(`^#?${key}:`, 'm'));
  const examples = text
    .replace(/^( *)#(?=\w| {2})/gm, '$1')
    .replace(/(appliances: \{\}|allow: \[\])$/gm, (all) => all.slice(0, -3));
  await writeFile(where.settings, examples);
  const { appliances, imageFolders, images, alpyImages } = await loadSettings(where.settings);
  expect(appliances['router']?.appliance?.memoryMiB).toBe(512);
  expect([imageFolders, images.default, images.allow.length, alpyImages['tag']]).toEqual([
    ['/srv/images'],
    'registry.example.com/tools:1',
    2,
    '0.1.0',
  ]);
});
