// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs that are cancelled or time out, in each stage.
import { once } from 'node:events';
import { glob, readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { JobResult } from '../support/contract-runner.ts';
import { useExecutorHost } from '../support/executor-host.ts';
import { containersOf } from '../support/runner/leftovers.ts';

const host = useExecutorHost();
const silent = { ALPY_APPLIANCE: 'silent' };
const canceled = { status: 'failed', failureReason: 'canceled' };

function namesOf({ calls }: JobResult): readonly string[] {
  return calls.map(({ name }) => name);
}

test('a cancel during config: only cleanup follows', async () => {
  const job = await host().start({ variables: silent, script: ['echo not-reached'] });
  await job.began('config');
  job.cancel();
  const result = await job.result;
  expect(result, result.log).toMatchObject({ ...canceled, attempts: 1 });
  expect(namesOf(result)).toEqual(['config', 'cleanup']);
});

test('a cancel during prepare, while the guest boots, ends prepare at once', async () => {
  const job = await host().start({ variables: { ALPY_APPLIANCE: 'rabbit', ALPY_BOOT: 'cold' }, script: ['echo not-reached'] });
  await job.printed(/^creating the testbed: rabbit/m);
  const pattern = join(host().root, 'jobs', `${job.payload.id}-*`, 'testbed/console.log');
  const hasOutput = async (): Promise<boolean> => {
    const [log] = await Array.fromAsync(glob(pattern));
    return log !== undefined && (await stat(log)).size > 0;
  };
  await vi.waitUntil(hasOutput, { timeout: 60_000, interval: 50 });
  job.cancel();
  const result = await job.result;
  expect(result, result.log).toMatchObject({ ...canceled, attempts: 1 });
  expect(result.calls.map(({ name, status }) => `${name} ${status}`)).toEqual(['config 0', 'prepare 143', 'cleanup 0']);
});

test('a cancel during get_sources, while the Git server does not answer, runs no script', async () => {
  const asked = Promise.withResolvers<void>();
  const server = createServer(() => {
    asked.resolve();
  });
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/group/project.git`;
  const job = await host().start({
    variables: silent,
    repository: { url, sha: 'f'.repeat(40) },
    script: ['echo not-reached'],
    afterScript: ['echo not-reached'],
  });
  await asked.promise;
  expect((await containersOf(job.payload.id)).filter((name) => name.endsWith('-job'))).toEqual([]); // the job may choose its image, so it must not exist yet
  job.cancel();
  const result = await job.result;
  expect(result, result.log).toMatchObject(canceled);
  expect(namesOf(result)).toEqual(['config', 'prepare', 'prepare_script', 'get_sources', 'cleanup']);
});

const waits = ["trap 'echo got-TERM; exit 1' TERM", 'echo waiting', 'sleep 1000 & wait $!', 'echo not-reached'];

test('a cancel during a script: its processes get SIGTERM; after_script runs and artifacts are uploaded', async () => {
  const job = await host().start({
    variables: silent,
    script: waits,
    afterScript: ['echo "after: $CI_JOB_STATUS, $(grep -lsz "^sleep$" /proc/[0-9]*/cmdline | wc -l) asleep"'],
    artifacts: { paths: ['alpy-out/testbed/*'], when: 'always' },
  });
  await job.printed(/^waiting$/m);
  job.cancel();
  const result = await job.result;
  expect(result, result.log).toMatchObject(canceled);
  expect(result.log).toMatch(/^got-TERM$/m);
  expect(result.log).toMatch(/^after: canceled, 0 asleep$/m);
  expect(result.log).not.toMatch(/^not-reached$/m);
  expect(namesOf(result).slice(4)).toEqual([
    'build_script',
    'after_script',
    'upload_artifacts_on_failure',
    'cleanup_file_variables',
    'cleanup',
  ]);
  expect(await host().artifacts(job)).toContain('alpy-out/testbed/link0.pcap');
});

test('a script of a job that GitLab has dropped: its processes get SIGTERM; only cleanup follows', async () => {
  const job = await host().start({ variables: silent, script: waits, afterScript: ['echo not-reached'] });
  await job.printed(/^waiting$/m);
  job.abort();
  const result = await job.result;
  expect(result, result.log).toMatchObject(canceled);
  expect(result.log).toMatch(/^got-TERM$/m);
  expect(namesOf(result).slice(4)).toEqual(['build_script', 'cleanup']);
});

test('a cancel during a script that ignores SIGTERM kills the script', async () => {
  const job = await host().start({ variables: silent, script: ["trap '' TERM", 'echo waiting', 'while :; do sleep 1000; done'] });
  await job.printed(/^waiting$/m);
  job.cancel();
  const result = await job.result;
  expect(result, result.log).toMatchObject(canceled);
  expect(namesOf(result).slice(4)).toEqual(['build_script', 'cleanup_file_variables', 'cleanup']);
});

test('an abort during after_script: its processes get SIGTERM; only cleanup follows', async () => {
  const job = await host().start({ variables: silent, script: ['true'], afterScript: waits });
  await job.printed(/^waiting$/m);
  job.abort();
  const result = await job.result;
  expect(result, result.log).toMatchObject(canceled);
  expect(result.log).toMatch(/^got-TERM$/m);
  expect(namesOf(result).slice(4)).toEqual(['build_script', 'after_script', 'cleanup']);
});

test('an abort while artifacts are uploaded: only cleanup follows', async () => {
  const job = await host().start({ variables: silent, script: ['true'], artifacts: { paths: ['*'] } }, { uploads: 'waits' });
  await job.printed(/^uploading for ever$/m);
  job.abort();
  const result = await job.result;
  expect(result, result.log).toMatchObject(canceled);
  expect(namesOf(result).slice(4)).toEqual(['build_script', 'upload_artifacts_on_success', 'cleanup']);
});

test('a job that times out in its script: captures are kept on the machine, and the log says where', async () => {
  const artifacts = { paths: ['alpy-out/testbed/*'], when: 'always' } as const;
  const afterScript = ['echo not-reached'];
  const job = await host().start({ variables: silent, timeoutSeconds: 25, script: waits, afterScript, artifacts });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'job_execution_timeout' });
  expect(result.log).toMatch(/^got-TERM$/m);
  expect(namesOf(result).slice(4)).toEqual(['build_script', 'cleanup']);
  const [, kept = ''] =
    /^the job reached its timeout of 25 s, .* will be kept on the runner's machine, in (\S+)\. /m.exec(result.log) ?? [];
  expect(kept).toMatch(new RegExp(`^${host().root}/kept/${job.payload.id}-`));
  expect(await readdir(kept)).toEqual(expect.arrayContaining(['console.log', 'debug.log', 'link0.pcap', 'link1.pcap']));
});

test('RUNNER_SCRIPT_TIMEOUT: after_script runs and artifacts are uploaded after a script that times out', async () => {
  const job = await host().start({
    variables: { ...silent, RUNNER_SCRIPT_TIMEOUT: '2s' },
    script: waits,
    afterScript: ['echo "after: $CI_JOB_STATUS"', 'alpy status >/dev/null'],
    artifacts: { paths: ['alpy-out/testbed/*'], when: 'always' },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'job_execution_timeout' });
  expect(result.log).toMatch(/^after: timedout$/m);
  expect(result.log).not.toContain('the job reached its timeout');
  expect(namesOf(result).slice(4)).toEqual([
    'build_script',
    'after_script',
    'upload_artifacts_on_failure',
    'cleanup_file_variables',
    'cleanup',
  ]);
  expect(await host().artifacts(job)).toContain('alpy-out/testbed/link0.pcap');
  expect(await Array.fromAsync(glob(join(host().root, 'kept', `${job.payload.id}-*`)))).toEqual([]);
});
