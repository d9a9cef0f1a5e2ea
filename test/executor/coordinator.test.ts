// SPDX-License-Identifier: GPL-3.0-or-later
// Tests the stand-in for GitLab that hands out jobs, and runs the real GitLab Runner against it if it is installed.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { craftZip, linkMode, type ZipEntry } from '../support/crafted-zip.ts';
import { checksumOf, Coordinator, runnerToken } from '../support/coordinator.ts';
import { useExecutorHost } from '../support/executor-host.ts';
import { jobPayload, type JobDescription, type JobPayload } from '../support/runner/payload.ts';

describe('the stand-in for GitLab', () => {
  let coordinator: Coordinator;
  const payload = jobPayload({ script: ['true'] });
  const token = { 'JOB-TOKEN': payload.token };

  beforeAll(async () => {
    coordinator = await Coordinator.start();
  });
  afterAll(async () => {
    await coordinator[Symbol.asyncDispose]();
  });

  const ask = (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${coordinator.url}/api/v4/${path}`, {
      method,
      headers,
      body: typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body),
    });
  const path = `jobs/${payload.id}`;

  test('hands out a job once, and only to a runner with the right token', async () => {
    expect((await ask('POST', 'jobs/request', { token: 'glrt-other' })).status).toBe(403);
    expect((await ask('POST', 'jobs/request', { token: runnerToken })).status).toBe(204);
    coordinator.add(payload);
    const response = await ask('POST', 'jobs/request', { token: runnerToken });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(payload);
    expect((await ask('POST', 'jobs/request', { token: runnerToken })).status).toBe(204);
    expect(coordinator.job(payload.id).state).toBe('pending');
  });

  test('accepts the log in pieces, and answers from where to continue', async () => {
    const patch = (range: string, text: string): Promise<Response> =>
      ask('PATCH', `${path}/trace?debug_trace=false`, text, { ...token, 'Content-Range': range });
    const first = await patch('0-4', 'hello');
    expect([first.status, first.headers.get('range'), first.headers.get('job-status')]).toEqual([202, '0-5', 'running']);
    for (const [range, text] of [
      ['0-4', 'hello'],
      ['6-8', 'abc'],
      ['5-9', 'abc'],
    ] as const) {
      const refused = await patch(range, text);
      expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-5']);
    }
    coordinator.job(payload.id).status = 'canceling';
    const second = await patch('5-7', 'abc');
    expect([second.status, second.headers.get('range'), second.headers.get('job-status')]).toEqual([202, '0-8', 'canceling']);
    expect(coordinator.job(payload.id).trace.toString()).toBe('helloabc');
  });

  test('accepts artifacts as files of a form', async () => {
    const form = new FormData();
    form.set('file', new Blob(['PK']), 'all.zip');
    const where = `${path}/artifacts?artifact_format=zip&artifact_type=archive`;
    expect((await ask('POST', where, form, { 'JOB-TOKEN': 'other' })).status).toBe(403);
    expect((await ask('POST', where, new FormData(), token)).status).toBe(400);
    expect((await ask('POST', where, form, token)).status).toBe(201);
    expect(coordinator.job(payload.id).artifacts).toEqual([
      { name: 'all.zip', type: 'archive', format: 'zip', data: Buffer.from('PK') },
    ]);
  });

  test('accepts the final state of a job only if its log is complete', async () => {
    const put = (body: object): Promise<Response> => ask('PUT', path, body);
    expect((await ask('PUT', 'jobs/1', { token: payload.token, state: 'running' })).status).toBe(404);
    expect((await put({ token: 'other', state: 'running' })).status).toBe(403);
    expect((await put({ token: payload.token, state: 'running' })).status).toBe(200);
    const end = { token: payload.token, state: 'failed', failure_reason: 'script_failure', exit_code: 37 };
    expect((await put({ ...end, output: { checksum: 'crc32:00000000', bytesize: 8 } })).status).toBe(412);
    expect(coordinator.job(payload.id)).toMatchObject({ state: 'running' });
    const whole = { checksum: checksumOf(Buffer.from('helloabc')), bytesize: 8 };
    expect(whole.checksum).toMatch(/^crc32:[0-9a-f]{8}$/);
    expect((await put({ ...end, output: whole })).status).toBe(200);
    expect(coordinator.job(payload.id)).toMatchObject({ state: 'failed', failureReason: 'script_failure', exitCode: 37 });
  });
});

const { failed: hasNone } = await execa('gitlab-runner', ['--version'], { reject: false });
if (hasNone) process.stderr.write('gitlab-runner is not in PATH: the tests with the real GitLab Runner are skipped\n');

describe.skipIf(hasNone)('the real GitLab Runner', () => {
  const host = useExecutorHost();
  let coordinator: Coordinator;
  const silent = { ALPY_APPLIANCE: 'silent' };

  beforeAll(async () => {
    coordinator = await Coordinator.start();
  });
  afterAll(async () => {
    await coordinator[Symbol.asyncDispose]();
  });

  /** Starts a runner that runs one job and exits. `ended` resolves to what it printed. */
  async function start(description: JobDescription): Promise<{ readonly payload: JobPayload; readonly ended: Promise<string> }> {
    const payload = jobPayload(description);
    coordinator.add(payload);
    const { driver, environment, temporary } = (await host().optionsFor(payload, { uploads: 'really' }))(1);
    const calls = Object.entries(driver).flatMap(([name, [program = '', ...args]]: [string, readonly string[]]) => [
      `--custom-${name}-exec=${program}`,
      ...args.map((word) => `--custom-${name}-args=${word}`),
    ]);
    const folders = [`--builds-dir=${join(host().directory, 'b')}`, `--cache-dir=${join(host().directory, 'c')}`];
    const once = ['--max-builds=1', '--wait-timeout=60'];
    const args = [
      `--url=${coordinator.url}`,
      `--token=${runnerToken}`,
      '--executor=custom',
      '--shell=bash',
      ...folders,
      ...calls,
    ];
    const runner = execa('gitlab-runner', ['run-single', ...args, ...once], {
      env: { ...environment, TMPDIR: temporary },
      reject: false,
      all: true,
    });
    onTestFinished(async () => {
      runner.kill('SIGQUIT'); // lets its job finish
      await runner;
    });
    return { payload, ended: runner.then(({ all }) => all) };
  }

  test('a successful job uploads its artifacts', async () => {
    const { payload, ended } = await start({
      variables: silent,
      script: ['alpy status', 'echo content >out.txt'],
      artifacts: { paths: ['out.txt', 'alpy-out/testbed/'] },
    });
    const all = await ended;
    const job = coordinator.job(payload.id);
    expect(job, all + job.trace.toString()).toMatchObject({ state: 'success' });
    expect(job.trace.toString()).toContain('"dut": "silent"');
    expect(job.artifacts.map(({ type, format }) => `${type} ${format}`)).toEqual(['archive zip']);
    const names = job.artifacts.map(({ data }) => data.toString('latin1')).join(''); // names in a zip are not compressed
    for (const name of ['out.txt', 'alpy-out/testbed/link0.pcap', 'alpy-out/testbed/events.ndjson'])
      expect(names).toContain(name);
  });

  test('GitLab gets the exit status of a failed script', async () => {
    const { payload, ended } = await start({
      variables: silent,
      script: ['exit 37'],
      afterScript: ['echo "after: $CI_JOB_STATUS"'],
    });
    const all = await ended;
    const job = coordinator.job(payload.id);
    expect(job, all + job.trace.toString()).toMatchObject({
      state: 'failed',
      failureReason: 'script_failure',
      exitCode: 37,
    });
    expect(job.trace.toString()).toContain('after: failed');
  });

  test('nothing that a script leaves behind runs on the machine, or redirects or blocks the runner', async () => {
    const marker = join(host().directory, 'marker');
    const helper = `[credential]\n\thelper = "!echo x >>${marker}; false"\n[core]\n\tfsmonitor = $PWD/evil/git`;
    const { payload, ended } = await start({
      variables: { ...silent, FF_GIT_URLS_WITHOUT_TOKENS: 'true', NODE_OPTIONS: '--no-warnings' },
      fileVariables: { SECRET: 'content', OTHER: 'content' },
      script: [
        `mkdir evil && printf '#!/bin/sh\\necho "$0 $*" >>${marker}\\n' >evil/git && chmod +x evil/git`,
        'for name in gitlab-runner rm mkdir find chmod touch; do cp evil/git evil/$name; done',
        'echo "LATER=$(cat "$SECRET")" >>"$GITLAB_ENV"',
        'for name in BASH_ENV ENV LD_PRELOAD GIT_SSH_COMMAND; do echo "$name=$PWD/evil/git" >>"$GITLAB_ENV"; done',
        `mkdir -p .git "$RUNNER_TEMP_PROJECT_DIR/git-template" && cat >settings <<END\n${helper}\nEND`,
        'for file in .glr.gconf .gitlab-runner.ext.conf git-template/config; do cat settings >>"$RUNNER_TEMP_PROJECT_DIR/$file"; done',
        'cp settings .git/config; echo mine >mine.txt; mkdir out; mkfifo out/pipe; ln -s /etc/passwd out/link; echo VERSION=1 >build.env',
        'echo "PATH=$PWD/evil:/usr/bin:/bin" >>"$GITLAB_ENV"',
      ],
      afterScript: [
        'echo "later: $LATER, $(/bin/cat "$SECRET"), $NODE_OPTIONS, $PATH"',
        '/bin/rm "$OTHER"; /usr/bin/mkfifo "$OTHER"', // earlier it would block the runner's script of this stage, in the container
      ],
      artifacts: { paths: ['mine.txt', 'out'] },
      dotenv: 'build.env',
    });
    const all = await ended;
    const job = coordinator.job(payload.id);
    const trace = job.trace.toString();
    expect(existsSync(marker) ? await readFile(marker, 'utf8') : '').toBe('');
    expect(job, all + trace).toMatchObject({ state: 'success' });
    expect(trace).toMatch(/later: content, content, --no-warnings, \/\S+\/evil:\/usr\/bin:\/bin/);
    expect(job.artifacts.map(({ type, format }) => `${type} ${format}`).sort()).toEqual(['archive zip', 'dotenv gzip']);
    const zip = job.artifacts.find(({ type }) => type === 'archive')?.data.toString('latin1') ?? '';
    expect(['mine.txt', 'out/pipe', 'out/link'].filter((name) => zip.includes(name))).toEqual(['mine.txt']);
  });

  test.each([
    ['zip', {}],
    ['zip of older runners', { FF_USE_FASTZIP: 'false' }],
  ])('no archive is unpacked outside of the project (%s)', async (_name, variables) => {
    const outside = join(host().directory, 'outside');
    await mkdir(outside, { recursive: true });
    await chmod(outside, 0o711);
    const link = (name: string): ZipEntry => ({ name, content: outside, mode: linkMode });
    const escapes: readonly (readonly ZipEntry[])[] = [
      [{ name: 'kept.txt', content: 'kept' }, link('out')],
      [{ name: 'out/behind-link', content: 'x' }],
      [link('folder'), { name: 'folder/', content: '', mode: 0o040777 }], // changes the mode of the folder that the link leads to
      [{ name: `${outside}/absolute`, content: 'x' }],
      [{ name: `${'../'.repeat(20)}${outside.slice(1)}/parents`, content: 'x' }],
    ];
    for (const [index, entries] of escapes.entries()) {
      const folder = join(host().root, 'cache', 'project-42', 'group', 'project', `planted${index}`);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'cache.zip'), craftZip(entries));
    }
    const { payload, ended } = await start({
      variables: { ...silent, ...variables },
      script: ['cat kept.txt'],
      cache: escapes.map((_entries, index) => ({ key: `planted${index}`, paths: ['kept.txt'], policy: 'pull' })),
    });
    const all = await ended;
    const job = coordinator.job(payload.id);
    expect(await readdir(outside)).toEqual([]);
    expect((await stat(outside)).mode & 0o777).toBe(0o711);
    expect(job, all + job.trace.toString()).toMatchObject({ state: 'success' });
    expect(job.trace.toString()).toMatch(/ kept\r?$/m); // after the runner's time stamp
  });

  test('after_script runs after a cancel during the script', async () => {
    const { payload, ended } = await start({
      variables: silent,
      script: ['echo waiting-$((40 + 2))', 'sleep 1000'],
      afterScript: ['echo "after: $CI_JOB_STATUS"'],
    });
    await coordinator.until(() => coordinator.jobs.get(payload.id)?.trace.includes('waiting-42') === true);
    coordinator.job(payload.id).status = 'canceling';
    const all = await ended;
    const job = coordinator.job(payload.id);
    expect(job, all + job.trace.toString()).toMatchObject({ state: 'failed', failureReason: 'job_canceled' });
    expect(job.trace.toString()).toContain('after: canceled');
  });
});
