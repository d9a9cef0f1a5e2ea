// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, EnvironmentError, messageOf } from '../../../core/errors.ts';
import { editRunnerConfig, findRunner, requiredKeys, type RunnerEntry } from './runner-config.ts';
import { settingsTemplate } from './settings-template.ts';
import { loadSettings } from '../settings.ts';

/** What to install. */
export interface Installation {
  /** absolute path of GitLab Runner's config.toml */
  readonly runnerConfig: string;
  /** name of the runner in it; default: the only one with the custom executor */
  readonly name: string | undefined;
  /** absolute path of the driver's settings */
  readonly settings: string;
  /** command line of `alpy executor` */
  readonly program: readonly string[];
}

/**
 * Reads config.toml and finds the runner.
 * @throws EnvironmentError when it cannot be read
 * @throws RunnerConfigError, UsageError as `findRunner` does
 */
export async function readRunner({
  runnerConfig: file,
  name,
}: Pick<Installation, 'runnerConfig' | 'name'>): Promise<{ readonly text: string; readonly runner: RunnerEntry }> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason =
      codeOf(cause) === 'ENOENT'
        ? `${file} does not exist. Install GitLab Runner, then run: gitlab-runner register --executor custom. If it runs as another user, name its file: --runner-config FILE`
        : `cannot read ${file}: ${messageOf(cause)}. Run this as the user who runs GitLab Runner, usually root`;
    throw new EnvironmentError(reason, { cause });
  });
  return { text, runner: findRunner(text, file, name) };
}

/**
 * Makes alpy the driver of a runner: writes the driver's settings if they don't exist, and the runner's part of config.toml. Keeps a
 * copy of config.toml.
 * @returns what was done, a line each; empty if there was nothing to do
 * @throws EnvironmentError when a file cannot be read or written
 * @throws RunnerConfigError, UsageError, ExecutorSettingsError when config.toml or the settings are invalid; then nothing is written
 */
export async function install(installation: Installation): Promise<readonly string[]> {
  const { runnerConfig, settings: file, program } = installation;
  const { text, runner } = await readRunner(installation);
  const done: string[] = [];
  if (!existsSync(file)) {
    await explainWriteErrors(file, async () => {
      await mkdir(dirname(file), { recursive: true });
      await replaceFile(file, settingsTemplate, runnerConfig);
    });
    done.push(`wrote ${file}: check it`);
  }
  const edited = editRunnerConfig(text, runnerConfig, runner, requiredKeys(await loadSettings(file), program));
  if (edited === text) return done;
  const backup = `${runnerConfig}.alpy-backup`;
  await assertWritable(runnerConfig);
  await explainWriteErrors(runnerConfig, async () => {
    await copyFile(runnerConfig, backup);
    await replaceFile(await realpath(runnerConfig), edited, runnerConfig);
  });
  done.push(`wrote ${runnerConfig}: runner ${JSON.stringify(runner.name)}; the old file is ${backup}`);
  return done;
}

/** Somebody made the file read-only on purpose, but root could write it anyway. */
async function assertWritable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o222) !== 0) return;
  throw new EnvironmentError(
    `${file} is read-only. Another program may manage it: add there what alpy executor install --print prints. Or run: chmod u+w ${file}`,
  );
}

async function explainWriteErrors(file: string, act: () => Promise<void>): Promise<void> {
  await act().catch((cause: unknown) => {
    throw new EnvironmentError(
      `cannot write ${file}: ${messageOf(cause)}. Run this as the user who runs GitLab Runner, usually root`,
      {
        cause,
      },
    );
  });
}

/** Replaces a file atomically and gives it the owner and mode of another file, because both may contain secrets. */
async function replaceFile(file: string, text: string, like: string): Promise<void> {
  const { uid, gid, mode } = await stat(like);
  const part = `${file}.alpy-part`;
  try {
    await rm(part, { force: true });
    await writeFile(part, text, { mode: 0o600, flag: 'wx' });
    await chown(part, uid, gid);
    await chmod(part, mode & 0o777);
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}
