// SPDX-License-Identifier: GPL-3.0-or-later
// Tests the stand-in for GitLab Runner with drivers that are one line of shell: what it passes to them, and how it handles their results.
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningJob, type JobResult } from '../support/contract-runner.ts';
import { jobPayload, type JobDescription } from '../support/runner/payload.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-runner-'));
  await mkdir(join(directory, 'tmp'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

interface DriverScripts {
  readonly config?: string;
  readonly prepare?: string;
  /** its arguments are the script and the name of the sub-stage */
  readonly run?: string;
  readonly cleanup?: string;
}

function start(scripts: DriverScripts, description: Partial<JobDescription> = {}): RunningJob {
  const builds = join(directory, 'builds');
  const { config = `echo '{"builds_dir": "${builds}"}'`, prepare = 'true', run = 'bash "$1"', cleanup = 'true' } = scripts;
  const command = (line: string): readonly string[] => ['sh', '-c', line, 'driver'];
  return RunningJob.start(jobPayload({ script: ['echo done'], ...description }), () => ({
    driver: { config: command(config), prepare: command(prepare), run: command(run), cleanup: command(cleanup) },
    url: 'https://gitlab.example.com',
    temporary: join(directory, 'tmp'),
    environment: process.env,
    kill: { gracefulMs: 200, forceMs: 5000 },
    pauseMs: 1,
    stageTimeoutMs: 10_000,
  }));
}

async function resultOf(scripts: DriverScripts, description: Partial<JobDescription> = {}): Promise<JobResult> {
  const result = await start(scripts, description).result;
  expect(await readdir(join(directory, 'tmp'))).toEqual([]);
  return result;
}

function outputOf({ calls }: JobResult, name: string): string {
  return calls.find((call) => call.name === name)?.output ?? '';
}

test('a driver gets the job through its environment, its working directory and its arguments', async () => {
  const print = [
    'echo "$2 in $PWD, $TMPDIR"',
    'stat -c "%a %n" "$1" "$JOB_RESPONSE_FILE"',
    'echo "$BUILD_FAILURE_EXIT_CODE $SYSTEM_FAILURE_EXIT_CODE $BUILD_EXIT_CODE_FILE $KEY"',
    'echo "$CUSTOM_ENV_MINE $CUSTOM_ENV_CI_PROJECT_DIR $CUSTOM_ENV_CI_JOB_STATUS [$CUSTOM_ENV_CI_JOB_SERVICES] [${MINE-unset}]"',
  ].join('; ');
  const config = `echo '{"builds_dir": "/b", "job_env": {"KEY": "of the driver"}}'`;
  const result = await resultOf({ config, run: print }, { variables: { MINE: 'user' }, afterScript: ['true'] });
  const [place = '', script, response, codes, variables] = outputOf(result, 'build_script').split('\n');
  const [, folder = ''] = /^build_script in (\S+), /.exec(place) ?? [];
  expect(folder).toMatch(/\/custom-executor\w+$/);
  expect(place).toBe(`build_script in ${folder}, ${folder}`);
  expect(script).toMatch(new RegExp(`^700 ${folder}/script\\w+/script$`));
  expect(response).toBe(`600 ${folder}/response.json`);
  expect(codes).toBe(`1 2 ${folder}/build_exit_code of the driver`);
  expect(variables).toBe('user /b/group/project running [] [unset]');
  expect(outputOf(result, 'after_script')).toContain('user /b/group/project success');
});

test('a driver gets every feature flag with every job, with the values that the job sets', async () => {
  const run = 'env | sort';
  const variables = { FF_TIMESTAMPS: '0', FF_SCRIPT_SECTIONS: 'T', FF_ENABLE_JOB_CLEANUP: 'perhaps' };
  const lines = outputOf(await resultOf({ run }, { variables }), 'build_script').split('\n');
  const flags = lines.filter((line) => line.startsWith('CUSTOM_ENV_FF_'));
  expect(flags).toHaveLength(51);
  for (const [name, value] of [
    ['FF_TIMESTAMPS', 'false'],
    ['FF_SCRIPT_SECTIONS', 'true'],
    ['FF_ENABLE_JOB_CLEANUP', 'false'],
    ['FF_USE_FASTZIP', 'true'],
    ['RUNNER_TEMP_PROJECT_DIR', join(directory, 'builds/group/project.tmp')],
  ] as const)
    expect(lines).toContain(`CUSTOM_ENV_${name}=${value}`);
});

test('file variables and GITLAB_ENV are available to all stages until the last one removes them', async () => {
  const log = join(directory, 'seen');
  const run = `bash "$1"; echo "$2: $(ls ${directory}/builds/group/project.tmp | tr '\\n' ' ')" >>${log}`;
  const fileVariables = { SECRET: 'content' };
  const script = ['cat "$SECRET"', 'echo "LATER=so" >>"$GITLAB_ENV"'];
  const variables = { FF_GIT_URLS_WITHOUT_TOKENS: 'true' };
  const result = await resultOf({ run }, { script, afterScript: ['echo "later: $LATER"'], variables, fileVariables });
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(outputOf(result, 'build_script')).toContain('content');
  expect(outputOf(result, 'after_script')).toContain('later: so');
  const seen = (await readFile(log, 'utf8')).slice(0, -1).split('\n');
  const isThere = ['get_sources', 'build_script', 'after_script'].map((name) => `${name}: SECRET gitlab_runner_env `);
  expect(seen).toEqual(['prepare_script: ', ...isThere, 'cleanup_file_variables: ']);
});

test('exit statuses of the driver decide about the failure reason', async () => {
  const run = (line: string): string => `case $2 in build_script) ${line} ;; *) bash "$1" ;; esac`;
  const system = { status: 'failed', failureReason: 'runner_system_failure' };
  const script = { status: 'failed', failureReason: 'script_failure' };
  expect(await resultOf({ run: run('exit 1') })).toMatchObject({ ...script, exitCode: 1 });
  expect(await resultOf({ run: run('printf "37\\n9\\n" >"$BUILD_EXIT_CODE_FILE"; exit 1') })).toMatchObject({
    ...script,
    exitCode: 37,
  });
  expect(await resultOf({ run: run('echo none >"$BUILD_EXIT_CODE_FILE"; exit 1') })).toMatchObject(system);
  for (const end of ['exit 2', 'exit 255', 'kill -9 $$']) expect(await resultOf({ run: run(end) })).toMatchObject(system);
  const stale = 'case $2 in get_sources) echo 5 >"$BUILD_EXIT_CODE_FILE" ;; build_script) exit 1 ;; esac';
  expect(await resultOf({ run: stale })).toMatchObject({ ...script, exitCode: 5 });
});

test('prepare is tried three times unless the job is to blame; a failed cleanup changes nothing', async () => {
  const names = ({ calls }: JobResult): string => calls.map(({ name }) => name).join(' ');
  const failed = await resultOf({ prepare: 'exit 2', cleanup: 'exit 3' });
  expect(failed).toMatchObject({ failureReason: 'runner_system_failure', attempts: 3 });
  expect(names(failed)).toBe(Array(3).fill('config prepare cleanup').join(' '));
  for (const config of ['echo no JSON', 'echo []', 'echo "{}"'])
    expect(await resultOf({ config })).toMatchObject({ failureReason: 'runner_system_failure', attempts: 3 });
  const blamed = await resultOf({ prepare: 'echo 7 >"$BUILD_EXIT_CODE_FILE"; exit 1' });
  expect(blamed).toMatchObject({ failureReason: 'script_failure', exitCode: 7, attempts: 1 });
  expect(await resultOf({ cleanup: 'exit 3' })).toMatchObject({ status: 'success', attempts: 1 });
});

test('a driver that ignores SIGTERM is killed with its whole process group', async () => {
  const run = 'case $2 in build_script) trap "" TERM; echo waiting; sleep 1000; sleep 1000 ;; esac';
  const job = start({ run }, { afterScript: ['true'] });
  await job.printed(/^waiting$/m);
  job.cancel();
  const result = await job.result;
  expect(result).toMatchObject({ status: 'failed', failureReason: 'canceled' });
  expect(result.calls.map(({ name, status }) => `${name} ${status}`).slice(-4)).toEqual([
    'build_script -1',
    'after_script 0',
    'cleanup_file_variables 0',
    'cleanup 0',
  ]);
});
