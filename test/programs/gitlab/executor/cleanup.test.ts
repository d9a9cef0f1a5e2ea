// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { CleanupError } from '../../../../src/core/lifetime.ts';
import { cleanUpJob } from '../../../../src/gitlab/executor/stages/cleanup.ts';
import { removeFolder } from '../../../../src/gitlab/executor/files/remove-folder.ts';
import { jobPaths, sanitizePaths } from '../../../../src/gitlab/executor/paths.ts';
import { errorOf, folder, jobWith, settingsOf } from '../../../unit/gitlab/executor/make.ts';

test.each([true, false])(
  'without a daemon, the folder of builds is removed only if no script may still write to it (scripts have begun: %j)',
  async (haveBegun) => {
    vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const [settings, job] = [await settingsOf(`root: ${await folder()}`), await jobWith()];
    const { builds, session } = jobPaths(settings, job);
    await mkdir(join(builds, 'group'), { recursive: true });
    await mkdir(session, { recursive: true });
    if (haveBegun) await writeFile(sanitizePaths(settings, job).begun, '');
    const context = { settings, job, env: {}, accelCacheFile: '' };
    const error = await errorOf(cleanUpJob(context, new AbortController().signal));
    expect(error).toBeInstanceOf(CleanupError);
    expect((error as CleanupError).errors).toHaveLength(haveBegun ? 2 : 1);
    expect(String(error).includes(`${builds} was not removed: scripts of the job may still write to it`)).toBe(haveBegun);
    expect(existsSync(builds)).toBe(haveBegun);
  },
);

test('a folder too deep for a path is emptied in a container, where find needs no path', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
  const root = await folder();
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await execa('find', [root, '-mindepth', '1', '-delete']);
  });
  const deep = 'for i in $(seq 50); do mkdir "$0" && cd -P "$0" || exit 1; done; touch file';
  await execa('bash', ['-c', deep, 'd'.repeat(200)], { cwd: root });
  const context = { settings: await settingsOf(`root: ${root}`), job: await jobWith(), env: {} };
  await expect(removeFolder(context, root, new AbortController().signal)).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
});
