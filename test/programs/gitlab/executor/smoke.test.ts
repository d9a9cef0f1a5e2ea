// SPDX-License-Identifier: GPL-3.0-or-later
// The smoke job, with drivers that are one line of shell.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings, runSmokeJob, type SmokeFailure } from '../../../../src/gitlab/executor/index.ts';
import { folder } from '../../../unit/gitlab/executor/make.ts';

interface DriverScripts {
  readonly config?: string;
  readonly prepare?: string;
  readonly run?: string;
  readonly cleanup?: string;
}

interface SmokeResult {
  readonly failure: SmokeFailure | undefined;
  /** lines that it logged, without times */
  readonly lines: readonly string[];
  /** the stages that the driver was called for */
  readonly calls: readonly string[];
}

async function run(scripts: DriverScripts, signal = new AbortController().signal): Promise<SmokeResult> {
  const directory = await folder();
  const log = join(directory, 'log');
  const builds = join(directory, 'builds/1-a');
  const { config = `echo '{"builds_dir": "${builds}"}'`, prepare = 'true', run = 'true', cleanup = 'true' } = scripts;
  const custom: Record<string, unknown> = Object.fromEntries(
    Object.entries({ config, prepare, run, cleanup }).flatMap(([stage, line]): readonly (readonly [string, unknown])[] => [
      [`${stage}_exec`, '/bin/sh'],
      [`${stage}_args`, ['-c', `echo "\${2:-${stage}}" >>${log}; BUILDS=${builds}; ${line}`, 'driver']],
    ]),
  );
  const lines: string[] = [];
  const failure = await runSmokeJob({
    runner: { custom },
    settings: defaultSettings('/etc/alpy/executor.yaml'),
    env: { PATH: process.env['PATH'], SECRET: 'x' },
    log: (line) => lines.push(line.replace(/ \([\d.]+ s\)$/, '')),
    signal,
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return { stage: 'cancelled', reason: '' };
  });
  return { failure, lines, calls: (await readFile(log, 'utf8')).trim().split('\n') };
}

const scriptStages = ['get_sources', 'build_script', 'upload_artifacts_on_success'];

test('all stages run in order, with the environment and arguments that GitLab Runner passes', async () => {
  const check = [
    'test "$PWD" = "$TMPDIR" && test "$CUSTOM_ENV_CI_PROJECT_DIR" = "$BUILDS/alpy/smoke" && test -x "$1"',
    'grep -q "\\"name\\":\\"smoke\\"" "$JOB_RESPONSE_FILE" && test "$BUILD_FAILURE_EXIT_CODE$SYSTEM_FAILURE_EXIT_CODE" = 12',
  ].join(' && ');
  const { failure, lines, calls } = await run({ run: check });
  expect(failure).toBeUndefined();
  expect(calls).toEqual(['config', 'prepare', ...scriptStages, 'cleanup']);
  expect(lines).toEqual(calls.map((stage) => `smoke job: ${stage}`));
});

test.each<[string, DriverScripts, string, RegExp, readonly string[]]>([
  ['config fails', { config: 'exit 2' }, 'config', /^it exited with status 2/, ['config']],
  ['config answers without builds_dir', { config: 'echo {}' }, 'config', /^expected an absolute builds_dir/, ['config']],
  [
    'prepare fails',
    { prepare: 'echo no daemon >&2; exit 2' },
    'prepare',
    /^it exited with status 2\nno daemon$/,
    ['config', 'prepare'],
  ],
  [
    'the script fails',
    { run: '[ $2 != build_script ]' },
    'build_script',
    /^it exited with status 1/,
    ['config', 'prepare', ...scriptStages.slice(0, 2)],
  ],
  ['cleanup fails', { cleanup: 'exit 1' }, 'cleanup', /^it exited with status 1/, ['config', 'prepare', ...scriptStages]],
  [
    'cleanup leaves the builds',
    { cleanup: 'mkdir -p $BUILDS' },
    'cleanup',
    /builds\/1-a still exists$/,
    ['config', 'prepare', ...scriptStages],
  ],
])('%s: the failure names stage and reason, and the job is cleaned up', async (_, scripts, stage, reason, calls) => {
  const result = await run(scripts);
  expect(result.failure?.stage).toBe(stage);
  expect(result.failure?.reason).toMatch(reason);
  expect(result.calls).toEqual([...calls, 'cleanup']);
});

test('a cancelled smoke job is cleaned up', async () => {
  const controller = new AbortController();
  const directory = await folder();
  const prepare = `touch ${directory}/begun; exec sleep 1000`;
  const poll = setInterval(() => {
    readFile(join(directory, 'begun')).then(
      () => {
        controller.abort();
      },
      () => undefined,
    );
  }, 10);
  const { failure, calls } = await run({ prepare }, controller.signal);
  clearInterval(poll);
  expect(failure?.stage).toBe('cancelled');
  expect(calls).toEqual(['config', 'prepare', 'cleanup']);
});

test('a config.toml without a driver fails in config', async () => {
  const failure = await runSmokeJob({
    runner: { custom: {} },
    settings: defaultSettings('/etc/alpy/executor.yaml'),
    env: {},
    log: () => undefined,
    signal: new AbortController().signal,
  });
  expect(failure).toEqual({ stage: 'config', reason: 'config.toml has no config_exec' });
});
