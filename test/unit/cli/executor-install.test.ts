// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { expect, onTestFinished, test } from 'vitest';
import yargs from 'yargs';
import { installCommand } from '../../../src/cli/executor-install.ts';
import type { CliIo } from '../../../src/cli/io.ts';

async function install(...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const io: CliIo = {
    env: { ALPY_EXECUTOR_SETTINGS: 'from/variable.yaml' },
    directory: '/nowhere',
    signal: new AbortController().signal,
    stdout: (line) => lines.push(line),
    stderr: (line) => lines.push(line),
    exitWith: () => undefined,
  };
  await yargs(['install', ...args])
    .command(installCommand(io))
    .exitProcess(false)
    .fail((_, error) => {
      throw error;
    })
    .parseAsync();
  return lines.join('\n');
}

interface Custom {
  readonly run_exec: string;
  readonly run_args: readonly string[];
}

test('`--print` needs neither GitLab Runner nor settings, and prints absolute paths', async () => {
  const { runners } = parse(await install('--print')) as unknown as { runners: [{ executor: string; custom: Custom }] };
  const [{ executor, custom }] = runners;
  expect(executor).toBe('custom');
  expect(custom.run_exec).toBe(process.execPath);
  const [script, ...words] = custom.run_args;
  expect(script).toMatch(/^\/.*\/src\/cli\/bin\.ts$/);
  expect(words).toEqual(['executor', 'run', '--settings', '/nowhere/from/variable.yaml']);
});

test('a missing config.toml, and options that contradict each other, are refused', async () => {
  await expect(install('--check', '--runner-config', 'config.toml')).rejects.toMatchObject({ fault: 'environment' });
  await expect(install('--runner-config', 'config.toml')).rejects.toThrow(
    '/nowhere/config.toml does not exist. Install GitLab Runner',
  );
  await expect(install('--check', '--print')).rejects.toMatchObject({ fault: 'usage' });
  await expect(install('--smoke', '--print')).rejects.toMatchObject({ fault: 'usage' });
});

test('`--smoke` runs no job if a check fails', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-install-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [config, settings] = [join(directory, 'config.toml'), join(directory, 'executor.yaml')];
  await writeFile(config, '[[runners]]\n  name = "bed"\n  executor = "custom"\n'); // it names no driver
  await writeFile(settings, `root: ${directory}/root\n`);
  const printed = await install('--check', '--smoke', '--runner-config', config, '--settings', settings);
  expect(printed).toMatch(/^FAIL runner bed: .*custom\.config_exec: expected .*, got nothing/m);
  expect(printed).toMatch(/\nno job was run: .*\nthe runner cannot take jobs yet$/);
  expect(printed).not.toContain('smoke job');
});
