// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cleanUpJob } from '../../../../src/gitlab/executor/cleanup.ts';
import { jobPaths, sealPaths } from '../../../../src/gitlab/executor/paths.ts';
import { folder, jobWith, settingsOf } from './make.ts';

test.each([true, false])(
  'without a daemon, a folder of builds stays where scripts may still write to it (they have begun: %j)',
  async (haveBegun) => {
    vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const [settings, job] = [await settingsOf(`root: ${await folder()}`), await jobWith()];
    const { builds, session } = jobPaths(settings, job);
    await mkdir(join(builds, 'group'), { recursive: true });
    await mkdir(session, { recursive: true });
    if (haveBegun) await writeFile(sealPaths(settings, job).begun, '');
    const around = { settings, job, env: {}, accelCacheFile: '' };
    const error: unknown = await cleanUpJob(around, new AbortController().signal).catch((cause: unknown) => cause);
    expect(String(error)).toContain('/nonexistent/docker.sock');
    expect(String(error).includes(`${builds} stays, as scripts of the job may still write to it`)).toBe(haveBegun);
    expect(existsSync(builds)).toBe(haveBegun);
  },
);
