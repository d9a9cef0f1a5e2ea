// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LoginError } from '../../../src/access/index.ts';
import { ContainerError } from '../../../src/docker/index.ts';
import { HypervisorError, QmpClosedError } from '../../../src/qemu/index.ts';
import { ConsoleClosedError } from '../../../src/console/index.ts';
import { FailedBoots } from '../../../src/runner/failed-boots.ts';
import { SnapshotError } from '../../../src/snapshot/index.ts';
import { BootError, GuestLostError } from '../../../src/testbed/index.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-failed-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Boots the same for two tests, each in a worker of its own. @returns how both ended, and how often it was booted */
async function bootTwice(
  error: Error,
  { keys = ['key', 'key'], signal = new AbortController().signal } = {},
): Promise<{ readonly ends: readonly unknown[]; readonly boots: number }> {
  let boots = 0;
  const ends: unknown[] = [];
  for (const [at, key] of keys.entries()) {
    const who = { test: `test ${at}`, directory: `/out/tests/${at}` };
    const guarded = new FailedBoots(directory).guard(key, who, signal, () => {
      boots += 1;
      return Promise.reject(error);
    });
    ends.push(await guarded.catch((caught: unknown) => caught));
  }
  return { ends, boots };
}

const lost = new BootError('rabbit did not boot: it never prompts\nthe screen shows:\nno disk', {
  cause: new GuestLostError('lost', 'panic', ''),
});

test('a failed boot is not tried again for another test, whose error says where to look', async () => {
  const { ends, boots } = await bootTwice(lost);
  expect(boots).toBe(1);
  expect(ends[0]).toBe(lost);
  expect(ends[1]).toMatchObject({
    code: 'ALPY_BOOT',
    fault: 'environment',
    skipReason: 'not run: the device did not boot for the test "test 0"',
    message:
      'the same boot failed before in this run, for the test "test 0", and is not tried again: rabbit did not boot: it never prompts\nits console log and screen are in /out/tests/0',
  });
});

test('a refused log-in stays a usage error', async () => {
  const { ends, boots } = await bootTwice(new LoginError('serial console', 'root', 'refused', ''));
  expect(boots).toBe(1);
  expect(ends[1]).toMatchObject({ code: 'ALPY_LOGIN', fault: 'usage' });
});

test('saving a snapshot is not tried again after it failed, and later tests boot at once', async () => {
  const unsaved = new SnapshotError('it cannot be saved');
  const { ends, boots } = await bootTwice(unsaved);
  expect(boots).toBe(1);
  expect(ends[1]).toBeInstanceOf(SnapshotError);
  expect((ends[1] as Error).message).toBe(unsaved.message);
});

test.each([
  ['that the daemon refused', new ContainerError('cannot start'), {}],
  ['whose QEMU refuses an argument', new HypervisorError('QEMU did not start', 'no such device', 'usage'), {}],
  ['whose QEMU was killed', new BootError('rabbit did not boot', { cause: new QmpClosedError('a prompt') }), {}],
  [
    'whose console closed',
    new BootError('rabbit did not boot', { cause: new ConsoleClosedError('console', 'a prompt', '') }),
    {},
  ],
  ['that was cancelled', lost, { signal: AbortSignal.abort() }],
  ['of another machine', lost, { keys: ['one', 'other'] }],
])('a boot %s is tried again', async (_what, error, options) => {
  const { ends, boots } = await bootTwice(error, options);
  expect(boots).toBe(2);
  expect(ends).toEqual([error, error]);
});

test('a successful boot is not remembered', async () => {
  const boots = new FailedBoots(directory);
  const who = { test: 'a', directory: '/a' };
  for (const value of [1, 2]) {
    expect(await boots.guard('key', who, new AbortController().signal, () => Promise.resolve(value))).toBe(value);
  }
});

test('a failed boot is reported even if its failure cannot be stored', async () => {
  const boots = new FailedBoots(join(directory, 'gone'));
  const who = { test: 'a', directory: '/a' };
  await expect(boots.guard('key', who, new AbortController().signal, () => Promise.reject(lost))).rejects.toBe(lost);
});
