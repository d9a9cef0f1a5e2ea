// SPDX-License-Identifier: GPL-3.0-or-later
// What `alpy run` prints: its reporters, and what a person at a terminal sees and can do.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';
import { TerminalRun } from '../support/terminal.ts';

let project: Project;

beforeAll(async () => {
  project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\nworkers: 1\n',
    'tests/a.test.ts': `import { expect, test } from 'alpy/test';
test.override('boot', 'cold');
test('passes', async ({ nodes: [node], step }) => {
  console.log('from the test');
  await step('Wait a little', () => node.run('sleep 2'));
});
test('fails', async ({ nodes: [node] }) => {
  expect(await node.ping('127.0.0.1', { count: 1 })).toBe('no result of a ping');
});
`,
  });
  await writeBlankDisk(project.path('blank.raw'));
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

test('without a terminal: a line per test, no colours, no progress, and no steps', async () => {
  const { status, stdout, stderr } = await project.run(['run']);
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(/^PASSED tests\/a\.test\.ts > passes \(\d+\.\d\d s\)$/m);
  expect(stdout).not.toContain('\x1b');
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed');
});

test('`--verbose` shows the steps on the standard error', async () => {
  const { stdout, stderr } = await project.run(['run', '--verbose', '-t', 'passes']);
  expect(stderr).toMatch(/^INFO test Wait a little\.\.\. done/m);
  expect(stdout).toMatch(/^docker: /m);
});

test('`--quiet` prints failures and the summary', async () => {
  const { stdout } = await project.run(['run', '--quiet', '-t', 'passes']);
  expect(stdout).toMatch(/^from the test\n\nTook .*\n1 passed, 0 failed\n$/);
});

test('`--reporter json` prints run.json and nothing else; other output goes to the standard error', async () => {
  const { status, stdout, stderr } = await project.run(['run', '--reporter', 'json,list']);
  expect([status, JSON.parse(stdout)]).toEqual([1, JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8'))]);
  expect(stderr).toContain('from the test\n');
  expect(stderr).toMatch(/^FAILED tests\/a\.test\.ts > fails/m);
});

test('`--reporter junit` prints junit.xml and nothing else', async () => {
  const { stdout } = await project.run(['run', '--reporter', 'junit']);
  expect(stdout.trimEnd()).toBe((await readFile(project.path('alpy-out/junit.xml'), 'utf8')).trimEnd());
  expect(new XMLParser().parse(stdout)).toHaveProperty('testsuites.testsuite');
});

test('`--reporter dot` prints a character per test', async () => {
  const { stdout } = await project.run(['run', '--reporter', 'dot']);
  expect(stdout).toMatch(/^from the test\n\.F\nreport: /);
});

test('`--reporter github`, repeated with list, adds annotations', async () => {
  const { stdout } = await project.run(['run', '--reporter', 'list', '--reporter', 'github']);
  expect(stdout).toMatch(/^::error file=tests\/a\.test\.ts,line=8,col=\d+,title=fails::/m);
  expect(stdout).toMatch(/\n1 passed, 1 failed\n$/);
});

test('an unknown reporter is a usage error', async () => {
  expect(await project.run(['run', '--reporter', 'html'])).toMatchObject({ status: 2, stdout: '' });
});

test('in a terminal: a symbol per test, and live progress that is gone at the end', async () => {
  const run = new TerminalRun(project, ['run']);
  await run.waitFor(/^ {2}tests\/a\.test\.ts > passes: (Wait a little|Run sleep 2 on node0)/);
  expect(await run.end()).toBe(1);
  expect(run.screen.lines).toEqual(expect.arrayContaining([expect.stringMatching(/^✓ tests\/a\.test\.ts > passes \(/)]));
  expect(run.screen.lines.filter((line) => line.startsWith('⋯'))).toEqual([]);
  expect(run.screen.lines.filter((line) => line !== '').at(-1)).toBe('1 passed, 1 failed');
});

test('`--reporter line` in a terminal: one line for the tests that passed', async () => {
  const run = new TerminalRun(project, ['run', '--reporter', 'line']);
  await run.waitFor(/^\[1\] ✓ tests\/a\.test\.ts > passes/);
  expect(await run.end()).toBe(1);
  expect(run.screen.lines.filter((line) => line.includes('> passes'))).toEqual([]);
});

test('NO_COLOR: no colours in a terminal', async () => {
  const run = new TerminalRun(project, ['run', '-t', 'fails'], { NO_COLOR: '1' });
  expect(await run.end()).toBe(1);
  expect(run.output).not.toMatch(/\x1b\[[\d;]*m/);
});

test('`--pause-on-failure` without a terminal, or in CI, is a usage error', async () => {
  expect(await project.run(['run', '--pause-on-failure'])).toMatchObject({ status: 2, stdout: '' });
  const inCi = new TerminalRun(project, ['run', '--pause-on-failure'], { CI: 'true' });
  expect(await inCi.end()).toBe(2);
});

test('`--pause-on-failure` keeps the testbed of a failed test for the session commands, until Enter', async () => {
  const run = new TerminalRun(project, ['run', '--pause-on-failure']);
  await run.waitFor(/^Paused: /);
  expect(run.screen.lines.join('\n')).toContain('no result of a ping');
  const status = await project.run(['status']);
  expect(JSON.parse(status.stdout)).toMatchObject({ isRunning: true, nodes: ['node0'] });
  expect(await project.run(['exec', 'node0', 'echo', 'here'])).toMatchObject({ status: 0, stdout: 'here\n' });
  run.type('\r');
  expect(await run.end()).toBe(1);
  expect(await project.run(['status'])).toMatchObject({ status: 3 });
  expect(existsSync(project.path('alpy-out/session'))).toBe(false);
});

test('Ctrl-C ends a paused run, and its testbed is torn down', async () => {
  const run = new TerminalRun(project, ['run', '--pause-on-failure', '-t', 'fails']);
  await run.waitFor(/^Paused: /);
  const ended = once(run.child, 'close');
  run.type('\x03');
  expect((await ended)[0]).toBe(130);
  expect(await project.run(['status'])).toMatchObject({ status: 3 });
});

test('SIGKILL ends a paused run, and its session is soon gone', async () => {
  const run = new TerminalRun(project, ['run', '--pause-on-failure', '-t', 'fails']);
  await run.waitFor(/^Paused: /);
  const session = project.path('alpy-out/session');
  expect(existsSync(session)).toBe(true);
  const script = run.child.pid!;
  process.kill(Number(await readFile(`/proc/${script}/task/${script}/children`, 'utf8')), 'SIGKILL');
  await run.end();
  // the goal is 5 s; a busy machine gets more
  await expect.poll(() => existsSync(session), { timeout: 30_000, interval: 100 }).toBe(false);
});

test('`--watch` runs what a changed file affects, all with Enter, failed with f, and ends with q', async () => {
  await using own = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 0 }\nworkers: 1\nboot: cold\n',
    'tests/value.ts': 'export const value = 1;\n',
    'tests/uses.test.ts':
      "import { expect, test } from 'alpy/test';\nimport { value } from './value.ts';\ntest('uses a value', ({ dut }) => { console.log(`value ${value}`); expect(value).toBe(1); });\n",
    'tests/other.test.ts': "import { test } from 'alpy/test';\ntest('is independent', () => {});\n",
  });
  await writeBlankDisk(own.path('blank.raw'));
  const run = new TerminalRun(own, ['run', '--watch']);
  const nextWait = async (): Promise<readonly string[]> => {
    await run.waitFor(/^Watching for changes/);
    const lines = [...run.screen.lines];
    run.screen.clear();
    return lines;
  };
  expect((await nextWait()).join('\n')).toContain('2 passed, 0 failed');

  await writeFile(own.path('tests/value.ts'), 'export const value = 2;\n');
  await run.waitFor(/^value 2$/);
  const changed = (await nextWait()).join('\n');
  expect(changed).toContain('Changed: tests/value.ts');
  expect(changed).toContain('✗ tests/uses.test.ts > uses a value');
  expect(changed).not.toContain('is independent');
  expect(changed).toContain('1 passed, 1 failed');

  run.type('f');
  expect((await nextWait()).join('\n')).not.toContain('is independent');
  run.type('\r');
  expect((await nextWait()).join('\n')).toContain('✓ tests/other.test.ts > is independent');
  await writeFile(own.path('tests/value.ts'), 'export const value = 1;\n');
  expect((await nextWait()).join('\n')).toContain('2 passed, 0 failed');
  run.type('q');
  expect(await run.end()).toBe(0);
  expect((JSON.parse(await readFile(own.path('alpy-out/run.json'), 'utf8')) as { tests: unknown[] }).tests).toHaveLength(2);
});

test('Ctrl-C ends `--watch`', async () => {
  const run = new TerminalRun(project, ['run', '--watch', '-t', 'passes']);
  await run.waitFor(/^Watching for changes/);
  run.type('\x03');
  expect(await run.end()).toBe(130);
});
