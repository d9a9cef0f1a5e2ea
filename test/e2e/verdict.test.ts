// SPDX-License-Identifier: GPL-3.0-or-later
// How `alpy run` reports failing tests, from the worker to all reports. None needs a guest that prints.
import { glob, mkdtempDisposable, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunReport, TestReport } from '../../src/report/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

const silentYaml = 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\n';

const forgotten = `import { expect, test } from 'alpy/test';

test('forgets to await a matcher', async ({ nodes: [node] }) => {
  await node.configure({ address: '192.168.1.2/24' });
  expect(node).toReach('192.168.1.9');
});

test('forgets to await one that fails in time', async ({ nodes: [node] }) => {
  await node.configure({ address: '192.168.1.2/24' });
  expect(node).toReach('192.168.1.9', { timeoutMs: 1000 });
  await node.run('sleep 5');
});

test('forgets a call in a step', async ({ apps, nodes: [node], step }) => {
  await step('Start', async () => {
    apps.run({ node, command: ['sleep', '60'] });
  });
});

test('awaits later what it begins now', async ({ nodes: [node] }) => {
  const failing = node.run('exit 3');
  const pinging = node.ping('127.0.0.1');
  await node.run('sleep 1');
  await expect(failing).rejects.toMatchObject({ code: 'ALPY_EXEC', exitStatus: 3 });
  await pinging;
});

test('fails while another call is pending', async ({ nodes: [node] }) => {
  await Promise.all([node.run('sleep 30'), node.run('exit 3')]);
});
`;

const dying = `import { test } from 'alpy/test';

test('passes before', ({ nodes }) => {});
test('dies', async ({ nodes: [node] }) => {
  await node.run('true');
  process.kill(process.pid, 'SIGKILL');
});
test('never runs', ({ nodes }) => {});
`;

const flooding = `import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'alpy/test';

test('floods', async ({ apps, nodes: [node] }) => {
  await apps.start({ node, command: ['yes', 'x'.repeat(200)] });
  await apps.start({ node, name: 'zeros', command: ['cat', '/dev/zero'] });
  await expect(node.run(['yes'], { timeoutMs: 12_000 })).rejects.toMatchObject({ code: 'ALPY_EXEC_TIMEOUT' });
});

test('spoils its events', async ({ directory, nodes }) => {
  await appendFile(join(directory, 'events.ndjson'), '{\\n{}\\nnull\\n' + 'x'.repeat(1_000_000));
});
`;

const failing = `import { expect, test } from 'alpy/test';

test('asserts after its app has ended', async ({ apps, nodes: [node] }) => {
  const app = await apps.start({ node, name: 'server', command: ['echo', 'done'] });
  await expect.poll(() => app.exitStatus, { timeout: 20_000 }).toBe(0);
  expect(1).toBe(2);
});

test('fails twice', async ({ nodes: [node] }) => {
  await using _left = { [Symbol.asyncDispose]: () => node.run('exit 4') };
  await node.run('exit 3');
});
`;

/**
 * Runs tests. Each process collects garbage twice a second and notes what it still keeps then, because how much garbage there is at a moment
 * depends on the machine.
 * @returns the most that a process kept, in MiB
 */
async function mostKept(project: Project, args: readonly string[]): Promise<number> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-notes-'));
  const notes = join(folder.path, 'notes');
  const preload = pathToFileURL(join(import.meta.dirname, '../long/preload.mjs')).href;
  await project.run(args, { NODE_OPTIONS: `--import=${preload}`, ALPY_LONG_NOTES: notes });
  const lines = (await readFile(notes, 'utf8')).trimEnd().split('\n');
  return Math.max(...lines.map((line) => (JSON.parse(line) as { readonly heapMiB: number }).heapMiB));
}

async function reportOf(project: Project): Promise<RunReport> {
  return JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
}

function named(report: RunReport, name: string): TestReport {
  const found = report.tests.find((one) => one.name === name);
  if (!found) throw new Error(`there is no test ${name} in ${report.tests.map((one) => one.name).join()}`);
  return found;
}

async function silentProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const project = await Project.create({ 'alpy.yaml': silentYaml, ...files });
  await writeBlankDisk(project.path('blank.raw'));
  return project;
}

describe('a failing test', () => {
  let project: Project;
  let report: RunReport;
  let keptMiB: number;

  beforeAll(async () => {
    project = await silentProject({
      'tests/dying.test.ts': dying,
      'tests/flooding.test.ts': flooding,
      'tests/failing.test.ts': failing,
    });
    keptMiB = await mostKept(project, ['run', '--quiet', '--workers', '2']);
    report = await reportOf(project);
    return async () => {
      await project[Symbol.asyncDispose]();
    };
  });

  test('does not change the result of another test', () => {
    expect(report.errors).toEqual([]);
    expect(Object.fromEntries(report.tests.map(({ name, status }) => [name, status]))).toEqual({
      'passes before': 'passed',
      dies: 'error',
      'never runs': 'skipped',
      floods: 'passed',
      'spoils its events': 'passed',
      'asserts after its app has ended': 'failed',
      'fails twice': 'failed',
    });
  });

  test('whose process is killed is named, with the signal and the tests that did not run', () => {
    const { errors, durationMs, directory, steps } = named(report, 'dies');
    expect(errors).toMatchObject([
      { code: 'ALPY_WORKER_DIED', fault: 'environment', message: expect.stringContaining('SIGKILL') as string },
    ]);
    expect(durationMs).toBeGreaterThan(0);
    expect(directory).toBe('tests/dying-dies');
    expect(steps.map(({ title }) => title)).toContain('Run true on node0');
    expect(named(report, 'never runs').skipReason).toBe(
      'not run: the process of this file ended with signal SIGKILL while "dies" ran',
    );
  });

  test('with an app that prints endlessly uses bounded memory and logs, and the log says so', async () => {
    // apps and node print some 300 MB in 12 s; a process that keeps only a bounded part of it has up to 150 MiB
    expect(keptMiB).toBeLessThan(250);
    for (const file of ['debug.log', 'events.ndjson'])
      expect((await stat(project.path('alpy-out/tests/flooding-floods', file))).size).toBeLessThan(8 * 1024 ** 2);
    const log = await readFile(project.path('alpy-out/tests/flooding-floods/debug.log'), 'utf8');
    const ends = log
      .split('\n')
      .flatMap((line) => /(\w+@node0): \d+ characters of its output were not logged$/.exec(line)?.[1] ?? []);
    expect(ends.sort()).toEqual(['yes@node0', 'zeros@node0']);
  });

  test('keeps its failed assertion as the verdict although an app has ended with 0', () => {
    const { errors } = named(report, 'asserts after its app has ended');
    expect(errors.map(({ fault, code }) => code ?? fault)).toEqual(['device', 'ALPY_APP_ENDED']);
  });

  test('whose body and clean-up both fail has both errors', () => {
    const { errors } = named(report, 'fails twice');
    expect(errors.map(({ message }) => message)).toEqual(
      [/exit status 3/, /exit status 4/].map((text) => expect.stringMatching(text) as string),
    );
  });

  test('leaves only the output in the folder of the project, although a worker was killed', async () => {
    expect((await readdir(project.directory)).sort()).toEqual(['alpy-out', 'alpy.yaml', 'blank.raw', 'snapshots', 'tests']);
    expect(await readdir(project.path('snapshots'))).toEqual([]);
    expect((await readdir(project.path('alpy-out'))).sort()).toEqual(['junit.xml', 'metrics.txt', 'report', 'run.json', 'tests']);
    expect(await Array.fromAsync(glob('alpy-out/**/.alpy*', { cwd: project.directory }))).toEqual([]);
  });
});

describe('a call that is not awaited', () => {
  let project: Project;
  let report: RunReport;

  beforeAll(async () => {
    project = await silentProject({ 'tests/forgotten.test.ts': forgotten });
    await project.run(['run']);
    report = await reportOf(project);
    return async () => {
      await project[Symbol.asyncDispose]();
    };
  });

  test('fails its own test with the call and its line, and causes no other error', () => {
    expect(report.errors).toEqual([]);
    const { status, errors } = named(report, 'forgets to await a matcher');
    expect(status).toBe('error');
    const message = expect.stringMatching(/^expect\(node0\)\.toReach\('192\.168\.1\.9'\) /) as string;
    const place = { file: 'tests/forgotten.test.ts', line: 5, column: 16 };
    expect(errors).toMatchObject([{ code: 'ALPY_PENDING_CALL', fault: 'usage', message, place }]);
  });

  test('and fails in time is the failure of its test, with the line', () => {
    const { status, errors } = named(report, 'forgets to await one that fails in time');
    const message = expect.stringMatching(
      /^expected node0 to reach 192\.168\.1\.9, .*\n\(nothing awaited expect\(node0\)\.toReach\('192\.168\.1\.9'\): is an await missing\?\)$/,
    ) as string;
    const place = { file: 'tests/forgotten.test.ts', line: 10, column: 16 };
    expect({ status, errors }).toMatchObject({ status: 'failed', errors: [{ message, place }] });
  });

  test('is found inside steps, too', () => {
    expect(named(report, 'forgets a call in a step').errors).toMatchObject([
      {
        code: 'ALPY_PENDING_CALL',
        message: expect.stringMatching(/^apps\.run\(…\) /) as string,
        place: { file: 'tests/forgotten.test.ts', line: 16, column: 10 },
      },
    ]);
  });

  test('may be awaited later', () => {
    expect(named(report, 'awaits later what it begins now')).toMatchObject({ status: 'passed', errors: [] });
  });

  test('is not a second error if the test has already failed', () => {
    const { status, errors } = named(report, 'fails while another call is pending');
    expect(status).toBe('failed');
    expect(errors).toMatchObject([{ code: 'ALPY_EXEC', fault: 'device' }]);
  });
});
