// SPDX-License-Identifier: GPL-3.0-or-later
// The smoke job with drivers of a line.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings, runSmokeJob, type SmokeFailure } from '../../../../src/gitlab/executor/index.ts';
import { folder } from './make.ts';

interface Lines {
  readonly config?: string;
  readonly prepare?: string;
  readonly run?: string;
  readonly cleanup?: string;
}

interface Played {
  readonly failure: SmokeFailure | undefined;
  /** what it said, without times */
  readonly said: readonly string[];
  /** the stages that the driver was called for */
  readonly calls: readonly string[];
}

async function play(lines: Lines, signal = new AbortController().signal): Promise<Played> {
  const directory = await folder();
  const log = join(directory, 'log');
  const builds = join(directory, 'builds/1-a');
  const { config = `echo '{"builds_dir": "${builds}"}'`, prepare = 'true', run = 'true', cleanup = 'true' } = lines;
  const custom: Record<string, unknown> = Object.fromEntries(
    Object.entries({ config, prepare, run, cleanup }).flatMap(([stage, line]): readonly (readonly [string, unknown])[] => [
      [`${stage}_exec`, '/bin/sh'],
      [`${stage}_args`, ['-c', `echo "\${2:-${stage}}" >>${log}; BUILDS=${builds}; ${line}`, 'driver']],
    ]),
  );
  const said: string[] = [];
  const failure = await runSmokeJob({
    runner: { custom },
    settings: defaultSettings('/etc/alpy/executor.yaml'),
    env: { PATH: process.env['PATH'], SECRET: 'x' },
    log: (line) => said.push(line.replace(/ \([\d.]+ s\)$/, '')),
    signal,
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return { stage: 'cancelled', reason: '' };
  });
  return { failure, said, calls: (await readFile(log, 'utf8')).trim().split('\n') };
}

const scripts = ['get_sources', 'build_script', 'upload_artifacts_on_success'];

test('all stages are played in their order, with what GitLab Runner tells a driver', async () => {
  const check = [
    'test "$PWD" = "$TMPDIR" && test "$CUSTOM_ENV_CI_PROJECT_DIR" = "$BUILDS/alpy/smoke" && test -x "$1"',
    'grep -q "\\"name\\":\\"smoke\\"" "$JOB_RESPONSE_FILE" && test "$BUILD_FAILURE_EXIT_CODE$SYSTEM_FAILURE_EXIT_CODE" = 12',
  ].join(' && ');
  const { failure, said, calls } = await play({ run: check });
  expect(failure).toBeUndefined();
  expect(calls).toEqual(['config', 'prepare', ...scripts, 'cleanup']);
  expect(said).toEqual(calls.map((stage) => `smoke job: ${stage}`));
});

test.each<[string, Lines, string, RegExp, readonly string[]]>([
  ['config fails', { config: 'exit 2' }, 'config', /^it ended with status 2/, ['config']],
  ['config tells nothing', { config: 'echo {}' }, 'config', /no builds_dir/, ['config']],
  [
    'prepare fails',
    { prepare: 'echo no daemon >&2; exit 2' },
    'prepare',
    /^it ended with status 2\nno daemon$/,
    ['config', 'prepare'],
  ],
  [
    'the script fails',
    { run: '[ $2 != build_script ]' },
    'build_script',
    /^it ended with status 1/,
    ['config', 'prepare', ...scripts.slice(0, 2)],
  ],
  ['cleanup fails', { cleanup: 'exit 1' }, 'cleanup', /^it ended with status 1/, ['config', 'prepare', ...scripts]],
  [
    'cleanup forgets',
    { cleanup: 'mkdir -p $BUILDS' },
    'cleanup',
    /builds\/1-a is still there$/,
    ['config', 'prepare', ...scripts],
  ],
])('%s: that is told, and the job is cleaned up', async (_, lines, stage, reason, calls) => {
  const played = await play(lines);
  expect(played.failure?.stage).toBe(stage);
  expect(played.failure?.reason).toMatch(reason);
  expect(played.calls).toEqual([...calls, 'cleanup']);
});

test('one that is cancelled is cleaned up', async () => {
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
  const { failure, calls } = await play({ prepare }, controller.signal);
  clearInterval(poll);
  expect(failure?.stage).toBe('cancelled');
  expect(calls).toEqual(['config', 'prepare', 'cleanup']);
});

test('a config.toml that names no driver', async () => {
  const failure = await runSmokeJob({
    runner: { custom: {} },
    settings: defaultSettings('/etc/alpy/executor.yaml'),
    env: {},
    log: () => undefined,
    signal: new AbortController().signal,
  });
  expect(failure).toEqual({ stage: 'config', reason: 'config.toml has no config_exec' });
});
