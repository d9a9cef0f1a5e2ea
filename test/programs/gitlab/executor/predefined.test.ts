// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runPredefined } from '../../../../src/gitlab/executor/stages/predefined.ts';
import { folder } from '../../../unit/gitlab/executor/make.ts';

const never = new AbortController().signal;

async function scriptOf(text: string): Promise<{ readonly directory: string; readonly script: string }> {
  const directory = await folder();
  const script = join(directory, 'script.sh');
  await writeFile(script, text);
  return { directory, script };
}

test("the script gets the driver's environment without the runner's variables for the driver", async () => {
  const { directory, script } = await scriptOf('env >"$OUT"; exit 7\n');
  const out = join(directory, 'out');
  const env = {
    PATH: process.env['PATH'],
    OUT: out,
    TMPDIR: directory,
    CUSTOM_ENV_CI_JOB_TOKEN: 'secret',
    CUSTOM_ENV_PATH: '/evil',
    JOB_RESPONSE_FILE: '/r',
    BUILD_EXIT_CODE_FILE: '/b',
    BUILD_FAILURE_EXIT_CODE: '1',
    SYSTEM_FAILURE_EXIT_CODE: '2',
  };
  expect(await runPredefined(script, env, never)).toBe(7);
  const names = (await readFile(out, 'utf8')).split('\n').map((line) => line.split('=')[0] ?? '');
  expect(names.filter((name) => !['', '_', 'PWD', 'SHLVL'].includes(name)).sort()).toEqual(['OUT', 'PATH', 'TMPDIR']);
});

test('the script has an empty standard input', async () => {
  const { script } = await scriptOf('cat; exit 0\n');
  expect(await runPredefined(script, { PATH: process.env['PATH'] }, never)).toBe(0);
});

test('a script that dies of a signal is an environment error', async () => {
  const { script } = await scriptOf('kill -KILL $$\n');
  await expect(runPredefined(script, { PATH: process.env['PATH'] }, never)).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

test('a cancelled script gets SIGTERM, and its trap runs', async () => {
  const { directory, script } = await scriptOf(
    'trap "echo stopped >$OUT; exit 1" TERM\necho >"$OUT"\nwhile :; do sleep 0.02; done\n',
  );
  const out = join(directory, 'out');
  const stop = new AbortController();
  const running = runPredefined(script, { PATH: process.env['PATH'], OUT: out }, stop.signal);
  while ((await readFile(out, 'utf8').catch(() => '')) === '') await sleep(10);
  const reason = new Error('cancelled');
  stop.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(await readFile(out, 'utf8')).toBe('stopped\n');
});
