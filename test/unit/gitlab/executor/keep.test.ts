// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jobPaths, type DriverContext } from '../../../../src/gitlab/executor/index.ts';
import { collectedFile, keepFiles, keptFolder, recordInterruption } from '../../../../src/gitlab/executor/files/keep.ts';
import { describeOwner, writeOwner } from '../../../../src/gitlab/executor/job-owner.ts';
import { folder, jobWith, settingsOf } from './make.ts';

/** A job with a testbed, prepared `ageMs` ago. */
async function running(root: string, ageMs: number, id: number, settings = ''): Promise<DriverContext> {
  const context = {
    settings: await settingsOf(`root: ${root}\n${settings}`),
    job: await jobWith({}, { id }), // its timeout is 600 s
    env: {},
    accelCacheFile: '',
  };
  const { session } = jobPaths(context.settings, context.job);
  await writeOwner(session, { ...(await describeOwner(0)), startedMs: Date.now() - ageMs });
  await mkdir(join(session, 'testbed'));
  await writeFile(join(session, 'testbed', 'link0.pcap'), Buffer.alloc(700 * 1024));
  return context;
}

test('a job that times out logs where its captures will be kept; a cancelled one does not', async () => {
  const root = await folder();
  const overdue = await running(root, 598_000, 1);
  expect(await recordInterruption(overdue)).toBe(
    'the job reached its timeout of 600 s, after which GitLab Runner runs no after_script and uploads no artifacts. ' +
      `Captures and logs will be kept on the runner's machine, in ${keptFolder(overdue.settings, overdue.job.key)}. ` +
      "To get them as artifacts, set the variable RUNNER_SCRIPT_TIMEOUT to less than the job's timeout",
  );
  expect(await recordInterruption(await running(root, 300_000, 2))).toBeUndefined();
  const notice = await recordInterruption(await running(root, 598_000, 3, 'keptMiB: 0'));
  expect(notice).toMatch(/RUNNER_SCRIPT_TIMEOUT/);
  expect(notice).not.toMatch(/kept/);
});

test('files of a cancelled job that were not uploaded are kept; the oldest are removed beyond keptMiB', async () => {
  const root = await folder();
  const kept = join(root, 'kept');
  for (const id of [1, 2]) {
    const context = await running(root, 0, id, 'keptMiB: 1');
    await keepFiles(context); // no script was cancelled: keeps nothing
    await recordInterruption(context);
    await keepFiles(context);
    expect(await readdir(kept)).toEqual([context.job.key]);
    expect(await readdir(keptFolder(context.settings, context.job.key))).toEqual(['link0.pcap']);
    await utimes(keptFolder(context.settings, context.job.key), id, id); // the first is the oldest
  }
  const uploaded = await running(root, 0, 3);
  await recordInterruption(uploaded);
  await writeFile(join(jobPaths(uploaded.settings, uploaded.job).session, collectedFile), '');
  await keepFiles(uploaded);
  const unwanted = await running(root, 0, 4, 'keptMiB: 0');
  await recordInterruption(unwanted);
  await keepFiles(unwanted);
  expect(await readdir(kept)).toHaveLength(1);
});
