// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import Docker from 'dockerode';
import { jobLabel } from '../../src/docker/index.ts';
import { Project } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';
import { takeSample, type Sample } from './sample.ts';

/** How long a run is. */
export interface LongRunOptions {
  /** how many testbeds; with `minutes`: at most */
  readonly testbeds: number;
  /** ends the run after this time, and keeps all cores busy meanwhile; absent for no limit */
  readonly minutes?: number | undefined;
  /** takes a sample whenever this many testbeds have ended */
  readonly every: number;
  /** testbeds at once; default: alpy's */
  readonly workers?: number | undefined;
  /** stops the run */
  readonly signal?: AbortSignal | undefined;
  /** shows a line about the progress */
  readonly say: (line: string) => void;
}

/** What a long run did. */
export interface LongRun {
  readonly status: number | null;
  /** what alpy printed */
  readonly output: string;
  /** testbeds that passed their test */
  readonly testbeds: number;
  readonly seconds: number;
  readonly samples: readonly Sample[];
  /** containers and temporary files that are left after the run */
  readonly left: readonly string[];
}

/** Files of tests, each of which has one worker process for all its tests. */
const files = 2;
const pollMs = 200;

/** Runs many testbeds in one run of alpy, and samples what it uses. */
export async function longRun(options: LongRunOptions): Promise<LongRun> {
  const { testbeds, minutes, workers, every, signal, say } = options;
  const job = process.env['ALPY_JOB_ID'] ?? `long-${randomBytes(4).toString('hex')}`;
  await using project = await createProject(testbeds);
  const [temporary, notes, done] = [project.path('tmp'), project.path('notes'), project.path('done')];
  await mkdir(temporary);
  for (const file of [notes, done]) await writeFile(file, '');
  using _load = minutes === undefined ? undefined : busyCores();
  const startMs = performance.now();
  const child = project.start(['run', '--concurrent', ...(workers === undefined ? [] : ['--workers', String(workers)])], {
    ALPY_JOB_ID: job,
    TMPDIR: temporary,
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'preload.mjs')).href}`,
    ALPY_LONG_NOTES: notes,
    ALPY_LONG_DONE: done,
    ALPY_LONG_END: minutes === undefined ? '' : String(Date.now() + minutes * 60_000),
  });
  signal?.addEventListener('abort', () => child.kill());
  const finished = Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')]);
  const samples: Sample[] = [];
  const subject = { pid: child.pid!, job, temporary, notes, out: project.path('alpy-out', 'tests') };
  await whileRunning(child, async () => {
    const ended = statSync(done).size;
    if (ended < (samples.length + 1) * every) return;
    const sample = await takeSample({ ...subject, testbeds: ended });
    if (sample) samples.push(sample);
    say(`${ended} testbeds after ${seconds(startMs)} s: ${JSON.stringify(sample)}`);
  });
  const [stdout, stderr, [status]] = (await finished) as [string, string, [number | null]];
  return {
    status,
    output: `${stdout}${stderr}`,
    testbeds: statSync(done).size,
    seconds: seconds(startMs),
    samples,
    left: await leftOf(job, temporary),
  };
}

async function whileRunning(child: ChildProcess, body: () => Promise<void>): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    await body();
    await sleep(pollMs);
  }
}

function seconds(startMs: number): number {
  return Math.round((performance.now() - startMs) / 1000);
}

async function leftOf(job: string, temporary: string): Promise<readonly string[]> {
  const filters = { label: [`${jobLabel}=${job}`] };
  const containers = await new Docker().listContainers({ all: true, filters });
  return [...containers.flatMap(({ Names }) => Names), ...(await readdir(temporary))];
}

/** Keeps all cores busy until the result is disposed. */
function busyCores(): Disposable {
  const loops = Array.from({ length: availableParallelism() }, () =>
    spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
  );
  return {
    [Symbol.dispose]: () => {
      loops.forEach((loop) => loop.kill('SIGKILL'));
    },
  };
}

function createProject(testbeds: number): Promise<Project> {
  const perFile = Array.from({ length: files }, (_, file) => Math.floor((testbeds + file) / files));
  return Project.create({
    'alpy.yaml': `
appliance:
  name: rabbit
  image: ${rabbitImage}
  memoryMiB: 128
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
  provision: ['ip address replace 192.168.1.1/24 dev eth0 && ip link set eth0 up']
topology: { links: 2 }
`,
    ...Object.fromEntries(perFile.map((count, file) => [`tests/long${file}.test.ts`, testFile(count)])),
  });
}

/** Each test uses the shell, a node and the capture of its testbed. */
function testFile(count: number): string {
  return `
import { appendFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'alpy/test';

const { ALPY_LONG_DONE, ALPY_LONG_END } = process.env;

beforeEach(({ skip }) => {
  if (ALPY_LONG_END && Date.now() > Number(ALPY_LONG_END)) skip();
});

for (let number = 0; number < ${count}; number += 1)
  test(\`testbed \${number}\`, async ({ dut, nodes: [node], links: [link] }) => {
    await node.configure({ address: '192.168.1.2/24' });
    await expect(node).toReach('192.168.1.1');
    await expect(link).toHaveSeen('icmp.type == 0 && ip.dst == 192.168.1.2');
    expect(await dut.shell.run('cat /proc/sys/kernel/hostname')).toMatchObject({ output: 'rabbit' });
    appendFileSync(ALPY_LONG_DONE!, '.');
  });
`;
}
