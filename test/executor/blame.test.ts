// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs whose own description is at fault: they fail with script_failure without a retry, and get the guest's logs and captures.
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { expect, test } from 'vitest';
import type { JobResult, RunningJob } from '../support/contract-runner.ts';
import { rabbitLogin, useExecutorHost } from '../support/executor-host.ts';
import type { JobDescription } from '../support/runner/payload.ts';
import { makeRepository } from '../support/runner/repository.ts';

const host = useExecutorHost();
const artifacts = { paths: ['alpy-out/testbed/**/*'], when: 'always' } as const;
const jobFailed = { status: 'failed', failureReason: 'script_failure', attempts: 1 };

function callsOf({ calls }: JobResult): readonly string[] {
  return calls.map(({ name, status }) => `${name} ${status}`);
}

async function projectWith(name: string, appliance: object): Promise<JobDescription['repository']> {
  const text = stringify({ appliance: { memoryMiB: 64, ...appliance }, topology: { links: 1 }, boot: 'cold' });
  return makeRepository(join(host().directory, name), { 'alpy.yaml': text });
}

async function run(description: JobDescription, settings = {}): Promise<{ job: RunningJob; result: JobResult }> {
  const job = await host().start(description, { settings });
  return { job, result: await job.result };
}

test('a missing disk image of the project fails the job with exit code 3', async () => {
  const repository = await projectWith('missing', { image: 'build/no-such.qcow2' });
  const { result } = await run({ ...(repository ? { repository } : {}), script: ['echo not-reached'], afterScript: ['true'] });
  expect(result, result.log).toMatchObject({ ...jobFailed, exitCode: 3 });
  expect(result.log).toMatch(/^alpy: disk image .*no-such\.qcow2: there is no such file/m);
  expect(result.log).not.toMatch(/^not-reached$/m);
});

test("a project's image that does not boot: its last lines are in the log, its logs and captures are artifacts", async () => {
  const folder = join(host().directory, 'images');
  await mkdir(folder);
  await copyFile(join(host().directory, 'talking.raw'), join(folder, 'talking.raw'));
  const image = join(folder, 'talking.raw');
  const repository = await projectWith('unbootable', { image, name: 'dut', login: rabbitLogin, bootTimeoutMs: 2000 });
  const { job, result } = await run(
    { ...(repository ? { repository } : {}), script: ['echo not-reached'], afterScript: ['echo not-here'], artifacts },
    { imageFolders: [folder] },
  );
  expect(result, result.log).toMatchObject({ ...jobFailed, exitCode: 3 });
  expect(callsOf(result).slice(4)).toEqual([
    'build_script 1',
    'after_script 1',
    'upload_artifacts_on_failure 0',
    'cleanup_file_variables 0',
    'cleanup 0',
  ]);
  expect(result.log).toMatch(/^alpy: dut did not boot: [^]*hello from a tiny guest/m);
  expect(result.log).not.toMatch(/^not-(reached|here)$/m);
  expect(result.log.match(/^alpy: .*did not boot: /gm)).toHaveLength(2); // after_script refers to it
  expect(await host().artifacts(job)).toEqual(
    expect.arrayContaining(['alpy-out/testbed/console.log', 'alpy-out/testbed/debug.log', 'alpy-out/testbed/link0.pcap']),
  );
  expect(await host().readArtifact(job, 'alpy-out/testbed/console.log')).toContain('hello from a tiny guest');
});

test("a runner's appliance that does not boot is a runner_system_failure without a retry; its logs and captures are artifacts", async () => {
  const variables = { ALPY_APPLIANCE: 'dead' };
  const { job, result } = await run({ variables, script: ['echo not-reached'], artifacts });
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'runner_system_failure', attempts: 1 });
  expect(callsOf(result)).toEqual([
    ...['config 0', 'prepare 0', 'prepare_script 0', 'get_sources 0', 'build_script 2'],
    ...['upload_artifacts_on_failure 0', 'cleanup_file_variables 0', 'cleanup 0'],
  ]);
  expect(result.calls[1]?.output).toMatch(/^alpy: dead did not boot: /m);
  expect(result.calls[1]?.output).toContain('can be uploaded from alpy-out/testbed');
  expect(result.log).toMatch(/^alpy: there is no testbed; see the error above: dead did not boot: /m);
  expect(await host().artifacts(job)).toEqual(
    expect.arrayContaining(['alpy-out/testbed/console.log', 'alpy-out/testbed/link0.pcap', 'alpy-out/testbed/screen.png']),
  );
  expect(result.log).toMatch(/^picture of the screen: alpy-out\/testbed\/screen\.png$/m);
});

test("a runner's appliance that the job changed and that does not boot is a script_failure", async () => {
  const variables = { ALPY_APPLIANCE: 'dead', ALPY_APPLIANCE_MEMORY_MIB: '48' };
  const { result } = await run({ variables, script: ['echo not-reached'] });
  expect(result, result.log).toMatchObject({ ...jobFailed, exitCode: 3 });
});

const traffic = 'alpy/traffic:latest';
const silent = { ALPY_APPLIANCE: 'silent' };

test.each([
  ['whose command is missing in its image', ['no-such-program'], /service web: .*no-such-program/],
  ['that exits at once', ['sh', '-c', 'echo out of order; exit 7'], /service web does not run any more.*\n?.*[^]*out of order/],
])('a service %s fails the job with exit code 2', async (_, command, message) => {
  const services = [{ name: traffic, alias: 'web', command }];
  const { job, result } = await run({ variables: silent, services, script: ['sleep 1'], artifacts });
  expect(result, result.log).toMatchObject({ ...jobFailed, exitCode: 2 });
  expect(result.log).toMatch(message);
  expect(await host().artifacts(job)).toContain('alpy-out/testbed/console.log');
});

test("a service that ends during the script fails the job with 2 if the script exits with 0, else with the script's status", async () => {
  const services = [{ name: traffic, alias: 'web', command: ['sh', '-c', 'until [ -e /tmp/end ]; do sleep 0.1; done; exit 7'] }];
  const wait = 'alpy exec web -- touch /tmp/end; while alpy status >/dev/null 2>&1; do sleep 0.1; done';
  for (const [script, exitCode] of [
    [[wait], 2],
    [[wait, 'exit 9'], 9],
  ] as const) {
    const { result } = await run({ variables: silent, services, script, afterScript: ['echo after-it'] });
    expect(result, result.log).toMatchObject({ ...jobFailed, exitCode });
    expect(result.log.match(/web@node0: the app ended with/g)).toHaveLength(1);
    expect(result.log).toMatch(/^after-it$/m);
    expect(result.calls.find(({ name }) => name === 'after_script')?.status).toBe(0);
  }
});
