// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jobPaths, sanitizePaths } from '../../../../src/gitlab/executor/paths.ts';
import type { DriverContext } from '../../../../src/gitlab/executor/driver-context.ts';
import { runStage } from '../../../../src/gitlab/executor/stages/run.ts';
import { haveScriptsBegun, savePristine, recordScriptsBegun } from '../../../../src/gitlab/executor/files/sanitize.ts';
import { folder, jobWith, settingsOf } from '../../../unit/gitlab/executor/make.ts';

const io = {
  log: () => undefined,
  stdout: () => undefined,
  stderr: () => undefined,
  serverCommand: [],
  signal: AbortSignal.timeout(60_000),
};

/** A job whose sources are checked out. */
async function checkedOutJob(settings = ''): Promise<DriverContext & { readonly temporary: string }> {
  const by = await settingsOf(`root: ${await folder()}\n${settings}`);
  const { builds, session } = jobPaths(by, await jobWith());
  const project = join(builds, 'group', 'project');
  const temporary = `${project}.tmp`;
  for (const path of [project, temporary, session]) await mkdir(path, { recursive: true });
  await writeFile(join(temporary, '.glr.gconf'), "the runner's");
  await writeFile(join(temporary, 'gitlab_runner_env'), 'A=1');
  return {
    settings: by,
    job: await jobWith({ CI_PROJECT_DIR: project }),
    env: { ...process.env },
    accelCacheFile: '',
    temporary,
  };
}

test("savePristine copies the runner's temporary folder once, without the variables that scripts export", async () => {
  const context = await checkedOutJob();
  const { pristine } = sanitizePaths(context.settings, context.job);
  await mkdir(`${pristine}.part`); // left by an interrupted copy
  await savePristine(context);
  await writeFile(join(context.temporary, '.glr.gconf'), 'of an archive');
  await writeFile(join(context.temporary, 'more'), '');
  await savePristine(context);
  await recordScriptsBegun(context);
  expect(haveScriptsBegun(context)).toBe(true);
  expect(await readdir(pristine)).toEqual(['.glr.gconf']);
  expect(await readFile(join(pristine, '.glr.gconf'), 'utf8')).toBe("the runner's");
});

test.each(['restore_cache', 'download_artifacts'])('the copy is made before %s unpacks anything', async (stage) => {
  const context = await checkedOutJob('trustJobs: true'); // skips the search for links, which needs a container
  const script = join(await folder(), 'script');
  await writeFile(script, `echo evil >${join(context.temporary, '.glr.gconf')}`);
  expect(await runStage(context, script, stage, io)).toEqual({ kind: 'success' });
  expect(haveScriptsBegun(context)).toBe(false);
  await savePristine(context);
  expect(await readFile(join(sanitizePaths(context.settings, context.job).pristine, '.glr.gconf'), 'utf8')).toBe("the runner's");
});
