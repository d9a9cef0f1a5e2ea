// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { removeDeadJobs, type Settings } from '../../../../src/gitlab/executor/index.ts';
import { describeOwner, readOwner, writeOwner, type JobOwner } from '../../../../src/gitlab/executor/job-owner.ts';
import { sanitizePaths } from '../../../../src/gitlab/executor/paths.ts';
import { folder, jobWith, response, settingsOf } from '../../../unit/gitlab/executor/make.ts';

const [dead, live] = ['41-deadbeef', '42-0badcafe'];
const hourMs = 3_600_000;

/** Creates a root with folders of jobs, each with its owner file. */
async function rootWith(owners: Readonly<Record<string, Partial<JobOwner> | undefined>>): Promise<Settings> {
  const settings = await settingsOf(`root: ${await folder()}`);
  for (const [key, difference] of Object.entries(owners)) {
    const session = join(settings.root, 'jobs', key);
    if (difference) await writeOwner(session, { ...(await describeOwner(Date.now() + hourMs)), ...difference });
    await mkdir(join(session, 'testbed'), { recursive: true });
    await mkdir(join(settings.root, 'builds', key, 'group/project'), { recursive: true });
  }
  return settings;
}

async function remove(settings: Settings, own?: string): Promise<readonly string[]> {
  return removeDeadJobs({ settings, env: {} }, new AbortController().signal, own);
}

async function left({ root }: Settings): Promise<readonly (readonly string[])[]> {
  return [await readdir(join(root, 'builds')), await readdir(join(root, 'jobs'))];
}

/** Identifier of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

test.each<[string, Partial<JobOwner> | undefined]>([
  ['whose machine rebooted since', { bootId: 'another' }],
  ['whose deadline passed long ago', { endsByMs: Date.now() - 1 }],
  ['of an older alpy, which wrote no owner', undefined],
])('folders of a job %s are removed; those of a running job stay', async (_, owner) => {
  const settings = await rootWith({ [dead]: owner, [live]: {} });
  expect(await remove(settings)).toEqual([dead]);
  expect(await left(settings)).toEqual([[live], [live]]);
  expect(await remove(settings)).toEqual([]);
});

test.each([true, false])(
  'without a daemon, folders are removed only if no script may still write to them (scripts have begun: %j)',
  async (haveBegun) => {
    vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const settings = await rootWith({ [dead]: { bootId: 'another' } });
    if (haveBegun) await writeFile(sanitizePaths(settings, { key: dead, projectId: 0 }).begun, '');
    const removal = remove(settings);
    if (haveBegun) await expect(removal).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
    else expect(await removal).toEqual([dead]);
    expect(await left(settings)).toEqual(haveBegun ? [[dead], [dead]] : [[], []]);
  },
);

test("folders are removed if the runner's process died, even if another process has its PID", async () => {
  for (const starter of [
    { pid: await endedProcess(), start: '1' },
    { pid: process.pid, start: '1' },
  ]) {
    const settings = await rootWith({ [dead]: { starters: [starter] }, [live]: {} });
    expect(await remove(settings)).toEqual([dead]);
    expect(await left(settings)).toEqual([[live], [live]]);
  }
});

test.each<[string, Partial<JobOwner>]>([
  ['of another machine with the same root', { machine: 'another', bootId: 'another', starters: [] }],
  ['whose processes cannot be seen from here', { pidNamespace: 'pid:[1]', starters: [{ pid: 1, start: '1' }] }],
])('folders stay in doubt: of a job %s', async (_, owner) => {
  const settings = await rootWith({ [live]: owner });
  expect(await remove(settings)).toEqual([]);
  expect(await left(settings)).toEqual([[live], [live]]);
});

test('folders stay while a keeper answers or a process works in them', async () => {
  const settings = await rootWith({ [dead]: undefined, [live]: { bootId: 'another' } });
  const server = createServer().listen(join(settings.root, 'jobs', live, 'keeper.sock'));
  await once(server, 'listening');
  const worker = spawn('sleep', ['1000'], { cwd: join(settings.root, 'builds', dead, 'group/project') });
  await once(worker, 'spawn');
  expect(await remove(settings)).toEqual([]);
  server.close();
  worker.kill();
  await Promise.all([once(server, 'close'), once(worker, 'exit')]);
  expect([...(await remove(settings))].sort()).toEqual([dead, live]);
  expect(await left(settings)).toEqual([[], []]);
});

test("a job does not remove its own folders, nor anything that is not a job's", async () => {
  const settings = await rootWith({ [dead]: { bootId: 'another' } });
  await writeFile(join(settings.root, 'builds', 'notes.txt'), '');
  await mkdir(join(settings.root, 'cache', dead), { recursive: true });
  expect(await remove(settings, dead)).toEqual([]);
  expect(await remove(settings)).toEqual([dead]);
  expect(await left(settings)).toEqual([['notes.txt'], []]);
  expect(existsSync(join(settings.root, 'cache', dead))).toBe(true);
  expect(await remove(await settingsOf(`root: ${settings.root}/none`))).toEqual([]);
});

test("the runner's temporary folder is removed with the job whose token it contains, and with no other", async () => {
  const { key } = await jobWith();
  const mine = join(await folder(), 'custom-executor123');
  await mkdir(mine);
  await writeFile(join(mine, 'response.json'), JSON.stringify(response));
  const crashed = { ...(await describeOwner(0, mine)), endsByMs: 0 };
  expect(crashed.temporary).toBe(mine);
  expect((await describeOwner(0, '/home/user')).temporary).toBe('');
  await remove(await rootWith({ [dead]: crashed }));
  expect(existsSync(mine)).toBe(true);
  await remove(await rootWith({ [key]: crashed }));
  expect(existsSync(mine)).toBe(false);
});

test('another attempt to prepare a job renews its owner file', async () => {
  const settings = await rootWith({ [live]: { bootId: 'another' } });
  const session = join(settings.root, 'jobs', live);
  await writeOwner(session, await describeOwner(Date.now() + hourMs));
  expect((await readOwner(session))?.bootId).not.toBe('another');
  expect(await readdir(session)).toEqual(['job.json', 'testbed']);
  expect(await remove(settings)).toEqual([]);
});
