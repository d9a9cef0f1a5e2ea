// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs that fail: who is to blame, what GitLab gets, and that nothing is left over.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { JobResult } from '../support/contract-runner.ts';
import { useExecutorHost } from '../support/executor-host.ts';
import { CustomExecutor } from '../support/runner/custom-executor.ts';
import { containersOf, processesWith } from '../support/runner/leftovers.ts';
import { jobPayload } from '../support/runner/payload.ts';

const host = useExecutorHost();
const silent = { ALPY_APPLIANCE: 'silent' };

function callsOf({ calls }: JobResult): readonly string[] {
  return calls.map(({ name, status }) => `${name} ${status}`);
}

test('a failed script reports its exit status; after_script runs and artifacts are uploaded', async () => {
  const job = await host().start({
    variables: silent,
    script: ['echo wrong >result.txt', 'exit 37', 'echo not-reached'],
    afterScript: ['echo "after: $CI_JOB_STATUS"', 'exit 5'],
    artifacts: { paths: ['result.txt', 'alpy-out/testbed/*'], when: 'on_failure' },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'script_failure', exitCode: 37 });
  expect(callsOf(result)).toEqual([
    'config 0',
    'prepare 0',
    'prepare_script 0',
    'get_sources 0',
    'build_script 1',
    'after_script 1',
    'upload_artifacts_on_failure 0',
    'cleanup_file_variables 0',
    'cleanup 0',
  ]);
  expect(result.log).toMatch(/^after: failed$/m);
  expect(result.log).not.toMatch(/^not-reached$/m);
  expect(await host().artifacts(job)).toEqual(
    expect.arrayContaining(['alpy-out/testbed/events.ndjson', 'alpy-out/testbed/link1.pcap', 'result.txt']),
  );
});

test('a prepare that fails twice succeeds at the third attempt, and nothing of the first two is left', async () => {
  const job = await host().start(
    { variables: silent, script: ['echo reached'] },
    { environment: (attempt) => (attempt < 3 ? { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } : {}) },
  );
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success', attempts: 3 });
  const failed = ['config 0', 'prepare 2', 'cleanup 2']; // cleanup does not reach the daemon either
  expect(callsOf(result).slice(0, 8)).toEqual([...failed, ...failed, 'config 0', 'prepare 0']);
  expect(result.log).toContain('/nonexistent/docker.sock');
  expect(result.log).toMatch(/^reached$/m);
});

test('a prepare that always fails is tried and cleaned up three times', async () => {
  const file = join(host().directory, 'in-the-way');
  await writeFile(file, '');
  const job = await host().start({ variables: silent, script: ['echo not-reached'] }, { settings: { root: join(file, 'root') } });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'runner_system_failure', attempts: 3 });
  expect(callsOf(result)).toEqual(Array(3).fill(['config 0', 'prepare 2', 'cleanup 0']).flat());
  expect(result.log).toContain(`cannot create ${file}/root/builds/`);
});

test("get_sources that fails is retried on the runner's machine, after the work tree is cleared", async () => {
  const url = `file://${join(host().directory, 'no-such.git')}`;
  const job = await host().start({
    repository: { url, sha: 'f'.repeat(40) },
    variables: { GET_SOURCES_ATTEMPTS: '2' }, // and no ALPY_APPLIANCE: there is no testbed without the project
    script: ['echo not-reached'],
    artifacts: { paths: ['*'], when: 'always' },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'script_failure', exitCode: 128 });
  expect(callsOf(result).slice(2)).toEqual([
    'prepare_script 0',
    'get_sources 1',
    'clear_worktree 0',
    'get_sources 1',
    'upload_artifacts_on_failure 0',
    'cleanup_file_variables 0',
    'cleanup 0',
  ]);
  expect(result.log).not.toContain('creating the testbed');
});

test('a killed keeper fails the script with runner_system_failure; its logs and captures become artifacts', async () => {
  const job = await host().start({
    variables: silent,
    script: ['echo waiting', 'sleep 1000'],
    afterScript: ['echo not-reached'],
    artifacts: { paths: ['alpy-out/testbed/*'], when: 'always' },
  });
  await job.printed(/^waiting$/m);
  const keepers = await processesWith(` keep ${await host().folderOf(job.payload, 'jobs')}`);
  expect(keepers).toHaveLength(1);
  for (const { pid } of keepers) process.kill(pid, 'SIGKILL');
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'runner_system_failure' });
  expect(callsOf(result).slice(4)).toEqual([
    'build_script 2',
    'after_script 2',
    'upload_artifacts_on_failure 0',
    'cleanup_file_variables 0',
    'cleanup 0',
  ]);
  expect(result.log).toMatch(
    /^alpy: the testbed ended unexpectedly, and its keeper printed no error\. The log of the testbed ends with:$/m,
  );
  expect(result.log).not.toMatch(/^not-reached$/m);
  expect(await host().artifacts(job)).toEqual(
    expect.arrayContaining(['alpy-out/testbed/debug.log', 'alpy-out/testbed/link0.pcap']),
  );
});

test('a testbed ends at its deadline if cleanup never runs', async () => {
  const payload = jobPayload({ variables: silent, timeoutSeconds: 15, script: ['echo not-reached'] });
  const options = (await host().optionsFor(payload, { settings: { graceSeconds: 0 } }))(1);
  const log: string[] = [];
  const executor = await CustomExecutor.open(payload, options, {
    log: (text) => void log.push(text),
    began: () => undefined,
    ended: () => undefined,
  });
  const { signal } = new AbortController();
  await executor.prepare(signal);
  expect(await containersOf(payload.id)).not.toEqual([]);
  const hasEnded = async (): Promise<boolean> => (await processesWith(` keep ${host().root}`)).length === 0;
  await vi.waitUntil(hasEnded, { timeout: 60_000, interval: 100 });
  expect(await containersOf(payload.id)).toEqual([]);
  const failed = await executor.run('step_script', 'running', signal).catch((error: unknown) => error);
  await executor.cleanUp();
  expect(failed).toMatchObject({ reason: 'runner_system_failure' });
  expect(log.join('')).toMatch(/the testbed ended unexpectedly.*the deadline of the job has passed/s);
});
