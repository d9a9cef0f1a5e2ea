// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { chooseOutput, type ReporterOptions } from '../../../../src/cli/run/reporters/choose.ts';
import { factLines } from '../../../../src/cli/run/reporters/fact-lines.ts';
import { githubOutput } from '../../../../src/cli/run/reporters/github.ts';
import { listOutput } from '../../../../src/cli/run/reporters/list.ts';
import { parseReporters, type ReporterName } from '../../../../src/cli/run/reporters/names.ts';
import type { RunReport, TestReport } from '../../../../src/report/index.ts';
import { runReport, testReport } from '../../report/build.ts';

const environment = {
  docker: '28.1 at /var/run/docker.sock',
  accel: 'tcg (there is no /dev/kvm)',
  appliance: 'rabbit.qcow2',
  boot: 'from snapshots in /snapshots',
  workers: '6 (2 cores, 4000 MiB available)',
};
const passed = testReport({ id: '1', file: 'tests/a.test.ts', fullName: 'passes' });
const failed = testReport({
  id: '2',
  file: 'tests/a.test.ts',
  fullName: 'fails: a, b',
  status: 'failed',
  line: 3,
  errors: [
    {
      message: 'expected 100 %\nreceived 2\r\n::error::own',
      place: { file: 'tests/a.test.ts', line: 7, column: 5 },
      fault: 'device',
    },
  ],
  directory: 'tests/a-fails',
});
const skipped = testReport({ id: '3', file: 'tests/a.test.ts', fullName: 'is skipped', status: 'skipped', skipReason: 'no KVM' });
const report = runReport([passed, failed, skipped], { errors: [{ message: 'cannot load b.test.ts' }] });

interface Printed {
  readonly out: string;
  readonly err: string;
}

async function printed(
  names: readonly ReporterName[],
  of: RunReport = report,
  options: Partial<ReporterOptions> = {},
): Promise<Printed> {
  const written = { out: '', err: '' };
  const output = chooseOutput(names, {
    isTerminal: false,
    paint: (_format, text) => text,
    amount: 'usual',
    outPath: 'alpy-out',
    stdout: (text) => (written.out += text),
    stderr: (text) => (written.err += text),
    rewrite: undefined,
    ...options,
  });
  output.facts(environment);
  for (const one of of.tests) output.test(one);
  await output.end(of, 'alpy-out');
  return written;
}

const lines = ({ out }: Printed): readonly string[] => out.split('\n');

test('list: the machine in one line, a line per test, what went wrong below its test, failures again at the end', async () => {
  expect(lines(await printed(['list']))).toEqual([
    'rabbit.qcow2, tcg, from snapshots in /snapshots, workers: 6',
    'PASSED tests/a.test.ts > passes (1.23 s)',
    'FAILED tests/a.test.ts > fails: a, b (1.23 s)',
    '  expected 100 %',
    '  received 2',
    '  ::error::own',
    '  tests/a.test.ts:7:5',
    '  see alpy-out/tests/a-fails',
    '',
    'SKIPPED tests/a.test.ts > is skipped: no KVM',
    '',
    'FAILED tests/a.test.ts > fails: a, b (1.23 s)',
    '',
    'ERROR outside any test',
    '  cannot load b.test.ts',
    '',
    'report: alpy-out/report/index.html',
    "Took 65.43 s; device's fault: 1, other errors: 1",
    '1 passed, 2 failed, 1 skipped',
    '',
  ]);
});

test.each([
  ['list', 'usual'],
  ['list', 'quiet'],
  ['line', 'usual'],
  ['dot', 'usual'],
] as const)('%s (%s) says after a failure how to repeat a random order', async (name, amount) => {
  const order = 'random, repeat it with --shuffle 7';
  const ends = (tests: readonly TestReport[]): RunReport => runReport(tests, { environment: { order } });
  const ofEnd = async (tests: readonly TestReport[]): Promise<readonly string[]> =>
    lines(await printed([name], ends(tests), { amount })).filter((line) => line.startsWith('order:'));
  expect(await ofEnd([passed])).toEqual([]);
  expect(await ofEnd([passed, failed])).toEqual([`order: ${order}`]);
  expect(await ofEnd([{ ...passed, status: 'flaky' }])).toEqual([`order: ${order}`]);
});

test.each([
  ['list', 'usual'],
  ['list', 'quiet'],
  ['line', 'usual'],
  ['dot', 'usual'],
] as const)('%s (%s) says how many tests did not run after --bail, and why', async (name, amount) => {
  const skipReason = 'not run: the run ended after 1 failed test (--bail)';
  const unrun = testReport({ file: 'tests/b.test.ts', status: 'skipped', notRun: true, skipReason });
  const run = runReport([failed, { ...unrun, id: '4' }, { ...unrun, id: '5' }]);
  const { out } = await printed([name], run, { amount });
  expect(out).toMatch(/^SKIPPED 2 tests: not run: the run ended after 1 failed test \(--bail\)$/m);
  expect(out).toMatch(/\n0 passed, 1 failed, 2 skipped\n$/);
});

test('list: the random order has its own line at the start', () => {
  const order = 'random, repeat it with --shuffle 7';
  expect(factLines({ ...environment, order }, false)).toEqual([
    'rabbit.qcow2, tcg, from snapshots in /snapshots, workers: 6',
    `order: ${order}`,
  ]);
});

test('list with `--verbose`: a line for each property of the machine', async () => {
  const all = lines(await printed(['list'], report, { amount: 'all' }));
  expect(all.slice(0, 5)).toEqual(Object.entries(environment).map(([name, value]) => `${name}: ${value}`));
});

test('list with `--quiet`: only failures and the counts', async () => {
  const quiet = lines(await printed(['list'], runReport([passed]), { amount: 'quiet' }));
  expect(quiet).toEqual(['', "Took 65.43 s; device's fault: 0, other errors: 0", '1 passed, 0 failed', '']);
  const { out } = await printed(['list'], report, { amount: 'quiet' });
  expect(out).toMatch(/^FAILED .*\n {2}expected 100 %\n/);
  expect(out).not.toContain('passes');
});

test('list in a terminal: symbols instead of words', async () => {
  const { out } = await printed(['list'], report, { isTerminal: true });
  expect(out).toContain('\n✓ tests/a.test.ts > passes (1.23 s)\n✗ tests/a.test.ts > fails: a, b (1.23 s)\n');
  expect(out).toContain('\n- tests/a.test.ts > is skipped: no KVM\n');
});

test('line: rewrites a line for each test that passed, and keeps failures', async () => {
  const rewritten: string[] = [];
  const { out } = await printed(['line'], report, { rewrite: (line) => rewritten.push(line) });
  expect(rewritten).toEqual(['[1] PASSED tests/a.test.ts > passes (1.23 s)', '[3] SKIPPED tests/a.test.ts > is skipped: no KVM']);
  expect(out).toMatch(/^FAILED .*\n {2}expected 100 %\n/);
});

test('dot: a character per test, 80 in a line, and failures at the end', async () => {
  const many = runReport([...Array.from({ length: 80 }, () => passed), failed, skipped]);
  expect((await printed(['dot'], many)).out).toMatch(/^\.{80}\nFs\nreport: .*\n[^]*FAILED .*\n {2}expected 100 %\n/);
});

test('json: the report as run.json has it, and nothing else, even with another reporter', async () => {
  const { out, err } = await printed(['list', 'json']);
  expect(JSON.parse(out)).toEqual({ schemaVersion: 1, ...report });
  expect(err).toContain('FAILED tests/a.test.ts > fails');
});

test('junit: the report as junit.xml has it, and nothing else', async () => {
  const { out, err } = await printed(['junit']);
  expect(out).toMatch(/^<\?xml [^]*<failure [^]*<\/testsuites>\n$/);
  expect(err).toBe('');
});

test.each([
  ['json', 'junit'],
  ['list', 'dot'],
  ['line', 'github'],
] as const)('%s and %s together are a usage error', (...names) => {
  expect(() => chooseOutput(names, {} as ReporterOptions)).toThrow(expect.objectContaining({ code: 'ALPY_USAGE' }));
});

test.each<ReporterName>(['list', 'line', 'dot', 'json', 'junit', 'github'])(
  '%s names the class of a failed test',
  async (name) => {
    const { out } = await printed([name], runReport([{ ...failed, status: 'error', failureClass: 'timeout under load' }]));
    expect(name === 'github' ? /^::error .*$/m.exec(out)?.[0] : out).toContain('timeout under load');
  },
);

test('github: an error command per failure at its place, and nothing that a guest prints is a command', async () => {
  const written: string[] = [];
  const write = (line: string): void => void written.push(line);
  const style = { isTerminal: false, paint: (_format: string, text: string) => text };
  const output = githubOutput(write, (line) => listOutput(line, { ...style, amount: 'usual', outPath: 'alpy-out' }), 'TOKEN');
  output.facts(environment);
  output.test(failed);
  await output.end(report, 'alpy-out');
  expect(written[0]).toBe('::stop-commands::TOKEN');
  const end = written.indexOf('::TOKEN::');
  expect(written.slice(0, end)).toContain('  ::error::own');
  expect(written.slice(end)).toEqual([
    '::TOKEN::',
    '::error file=tests/a.test.ts,line=7,col=5,title=fails%3A a%2C b::expected 100 %25%0Areceived 2%0A::error::own',
    '::error title=outside any test::cannot load b.test.ts',
    '1 passed, 2 failed, 1 skipped',
  ]);
});

test('`--reporter` may be repeated or a list, and names the reporters if it is wrong', () => {
  expect(parseReporters(undefined)).toEqual(['list']);
  expect(parseReporters('list,json')).toEqual(['list', 'json']);
  expect(parseReporters(['dot', 'github, junit'])).toEqual(['dot', 'github', 'junit']);
  expect(() => parseReporters('html')).toThrow('--reporter: expected list, line, dot, json, junit, github, got "html"');
});
