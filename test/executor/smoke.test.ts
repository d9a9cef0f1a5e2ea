// SPDX-License-Identifier: GPL-3.0-or-later
// alpy executor install --smoke runs one job through all stages of the driver that config.toml names.
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import { expect, test } from 'vitest';
import { install, loadSettings, runSmokeJob, readRunner, type SmokeFailure } from '../../src/gitlab/executor/index.ts';
import { driverProgram, useExecutorHost } from '../support/executor-host.ts';

const host = useExecutorHost();

async function runWith(path: readonly string[]): Promise<{ failure: SmokeFailure | undefined; lines: readonly string[] }> {
  const { directory, root } = host();
  const [settings, runnerConfig] = [join(directory, 'smoke.yaml'), join(directory, 'config.toml')];
  await writeFile(settings, stringify({ root }));
  await writeFile(runnerConfig, '[[runners]]\n  name = "bed"\n  executor = "custom"\n');
  await install({ runnerConfig, name: undefined, settings, program: driverProgram });
  const { runner } = await readRunner({ runnerConfig, name: undefined });
  const lines: string[] = [];
  const failure = await runSmokeJob({
    runner,
    settings: await loadSettings(settings),
    env: { ...process.env, VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '', NODE_OPTIONS: '', PATH: path.join(delimiter) },
    log: (line) => lines.push(line),
    signal: AbortSignal.timeout(200_000),
  });
  return { failure, lines };
}

test('the smoke job passes all stages of the driver in config.toml, and leaves nothing behind', async () => {
  const { failure, lines } = await runWith([join(host().directory, 'copies'), process.env['PATH'] ?? '']);
  expect(failure).toBeUndefined();
  expect(lines.map((line) => line.replace(/ \(.*/, ''))).toEqual(
    ['config', 'prepare', 'get_sources', 'build_script', 'upload_artifacts_on_success', 'cleanup'].map(
      (one) => `smoke job: ${one}`,
    ),
  );
});

test('the smoke job finds a gitlab-runner that does not run', async () => {
  const broken = join(host().directory, 'broken');
  await mkdir(broken);
  await writeFile(join(broken, 'gitlab-runner'), '#!/bin/sh\necho out of order >&2\nexit 9\n', { mode: 0o755 });
  const { failure } = await runWith([broken, process.env['PATH'] ?? '']);
  expect(failure?.stage).toBe('upload_artifacts_on_success');
  expect(failure?.reason).toContain('out of order');
});
