// SPDX-License-Identifier: GPL-3.0-or-later
// Eight typical mistakes of a test's author: the place and the cause in the terminal, in JUnit and in run.json.
import { readFile } from 'node:fs/promises';
import { XMLParser } from 'fast-xml-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { causeLine } from '../../src/report/failure-text.ts';
import type { ErrorReport, RunReport, TestReport } from '../../src/report/index.ts';
import { Project } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';

const rabbitYaml = `
appliance:
  name: rabbit
  image: ${rabbitImage}
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
topology: { links: 1 }
`;

const library = `
import type { Dut, Node } from 'alpy';
import { expect } from 'alpy/test';

export async function setAddresses(dut: Dut, node: Node): Promise<void> {
  await dut.shell.run('ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up');
  await node.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
}

export async function expectReachable(node: Node, address: string): Promise<void> {
  await expect(node).toReach(address, { timeoutMs: 1500 }); // place: library
}
`;

/** The line of each mistake has a comment with the name of its test. */
const mistakes = `
import { expect, test } from 'alpy/test';
import { expectReachable, setAddresses } from '../lib/network.ts';

test('wrong address', async ({ dut, nodes: [node] }) => {
  await setAddresses(dut, node);
  await expect(node).toReach('192.168.1.9', { timeoutMs: 1500 }); // place: wrong address
});

test('service not started', async ({ dut, apps, nodes: [node] }) => {
  await setAddresses(dut, node);
  const command = ['curl', '-sS', '--max-time', '5', 'http://192.168.1.1/'];
  await apps.run({ node, command }); // place: service not started
});

test('console time-out', async ({ dut }) => {
  await dut.console.sendLine('');
  await dut.console.expect(/this never comes/, { timeoutMs: 1500 }); // place: console time-out
});

test('typo in a filter', async ({ links: [link] }) => {
  await expect(link).toHaveSeen('icmp.tpye == 8', { timeoutMs: 1500 }); // place: typo in a filter
});

test('the device reboots', async ({ dut }) => {
  await dut.shell.run('reboot -f; sleep 60'); // place: the device reboots
});

test('an app dies', async ({ apps, nodes: [node] }) => {
  const app = await apps.start({ node, command: ['sh', '-c', 'echo cannot bind; exit 3'] });
  await app.waitForOutput(/listening/); // place: an app dies
});

test('rate', async ({ apps, nodes: [node] }) => {
  const server = await apps.start({ node, command: ['iperf3', '--server', '--one-off', '--forceflush'] });
  await server.waitForOutput(/Server listening/);
  const command = ['iperf3', '--client', '127.0.0.1', '--time', '1', '--bitrate', '1M', '--json'];
  const { stdout } = await apps.run({ node, command });
  await expect.poll(() => server.exitStatus, { timeout: 20_000 }).toBeDefined(); // it ends by itself, perhaps a moment later
  const { end } = JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } };
  expect(end.sum_received.bits_per_second).toBeGreaterThan(1e9); // place: rate
});

test('forgotten await', async ({ dut, nodes: [node] }) => {
  await setAddresses(dut, node);
  void expect(node).toReach('192.168.1.9', { timeoutMs: 20_000 }); // place: forgotten await
});

test('in the library', async ({ dut, nodes: [node], step }) => {
  await setAddresses(dut, node);
  await step('Look for it', async () => {
    await expectReachable(node, '192.168.1.9'); // place: in the library
  });
});

test('undefined', async ({ dut }) => {
  const table: { row?: { cell: string } } = {};
  expect(table.row!.cell).toBe(dut.name); // place: undefined
});
`;

/** Number of the line with a comment, from 1. */
function lineOf(source: string, name: string): number {
  return source.split('\n').findIndex((line) => line.endsWith(`// place: ${name}`)) + 1;
}

/** What each test ends with: status, code or name of its first error, and how the cause begins. */
const expected = [
  ['wrong address', 'failed', 'Error', 'expected node0 to reach 192.168.1.9'],
  ['service not started', 'failed', 'ALPY_EXEC', 'curl@node0: curl -sS'],
  ['console time-out', 'failed', 'ALPY_CONSOLE_TIMEOUT', 'serial console: waited 1.5 s for /this never comes/'],
  ['typo in a filter', 'error', 'ALPY_USAGE', 'link0'],
  ['the device reboots', 'failed', 'ALPY_GUEST_LOST', 'rabbit: the guest rebooted'],
  ['an app dies', 'failed', 'ALPY_APP_ENDED', 'sh@node0'],
  ['rate', 'failed', 'AssertionError', 'expected '],
  ['forgotten await', 'error', 'ALPY_PENDING_CALL', "expect(node0).toReach('192.168.1.9')"],
  ['undefined', 'error', 'TypeError', 'TypeError: Cannot read properties of undefined'],
] as const;

const file = 'tests/mistakes.test.ts';

describe('a run of tests with typical mistakes', () => {
  let result: Awaited<ReturnType<Project['run']>>;
  let report: RunReport;
  let failures: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const project = await Project.create({ 'alpy.yaml': rabbitYaml, 'lib/network.ts': library, [file]: mistakes });
    result = await project.run(['run']);
    report = JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
    failures = failuresOf(await readFile(project.path('alpy-out/junit.xml'), 'utf8'));
    return async () => {
      await project[Symbol.asyncDispose]();
    };
  });

  test('has a failed test for each mistake, and no error outside any test', () => {
    expect(result.status).toBe(1);
    expect(report.errors).toEqual([]);
    expect(report.tests.map(({ name }) => name).sort()).toEqual([...expected.map(([name]) => name), 'in the library'].sort());
  });

  test.each(expected)('%s: run.json has status, code or name, place and code frame', (name, status, kind, cause) => {
    const { status: found, errors } = named(report, name);
    const [first, ...others] = errors;
    expect({ found, kind: first?.code ?? first?.name }).toEqual({ found: status, kind });
    expect(first?.place).toMatchObject({ file, line: lineOf(mistakes, name) });
    expect(first?.place?.column).toBeGreaterThan(0);
    expect(first?.codeFrame).toContain(`// place: ${name}`);
    expect(first?.stack).toMatch(/^at .*tests\/mistakes\.test\.ts:\d+:\d+\)?$/);
    expect(causeLine(first!).startsWith(cause)).toBe(true);
    expect(others.filter(({ isConsequence }) => isConsequence !== true)).toEqual([]);
  });

  test.each(expected)(
    '%s: the terminal shows cause, place and code frame in the first ten lines',
    (name, _status, _kind, cause) => {
      expectBlock(blockOf(result.stdout, name), cause, lineOf(mistakes, name));
    },
  );

  test.each(expected)(
    '%s: the failure in JUnit begins with the cause, then come place and code frame',
    (name, _status, _kind, cause) => {
      const lines = failures.get(name)?.split('\n') ?? [];
      expect(lines[0]?.startsWith(cause)).toBe(true);
      expectBlock(lines, cause, lineOf(mistakes, name));
    },
  );

  test('in the library: its line has the code frame, and the lines of the test are in the stack', () => {
    const [first] = named(report, 'in the library').errors;
    expect(first?.place).toMatchObject({ file: 'lib/network.ts', line: lineOf(library, 'library') });
    const testLine = `${file}:${lineOf(mistakes, 'in the library')}:`;
    expect(first?.stack).toContain(testLine);
    const block = blockOf(result.stdout, 'in the library');
    expect(block.slice(0, 10).join('\n')).toContain(`lib/network.ts:${lineOf(library, 'library')}:`);
    expect(block.join('\n')).toContain(testLine);
  });

  test('what follows from the mistake is one line below it', () => {
    for (const name of ['the device reboots', 'an app dies']) {
      const consequences = named(report, name).errors.filter(isConsequence);
      expect(consequences.length).toBeGreaterThan(0);
      const also = blockOf(result.stdout, name).filter((line) => line.startsWith('also: '));
      expect(also).toHaveLength(consequences.length);
    }
  });

  test('an app that has ended as it should does not hide a failed assertion', () => {
    const errors = [{ fault: 'device' }, { code: 'ALPY_APP_ENDED', isConsequence: true }];
    expect(named(report, 'rate')).toMatchObject({ status: 'failed', errors });
  });
});

function isConsequence(error: ErrorReport): boolean {
  return error.isConsequence === true;
}

function named(report: RunReport, name: string): TestReport {
  const found = report.tests.find((one) => one.name === name);
  if (!found) throw new Error(`there is no test ${name}`);
  return found;
}

/** The lines below the heading of a test, without their indentation. */
function blockOf(stdout: string, name: string): readonly string[] {
  const lines = stdout.split('\n');
  const isHeading = (line: string): boolean => line.includes(`${file} > ${name} (`);
  const starts = lines.flatMap((line, index) =>
    isHeading(line) && lines[index + 1]?.startsWith('  ') === true ? [index + 1] : [],
  );
  const [start = lines.length] = starts;
  const end = lines.findIndex((line, index) => index >= start && line !== '' && !line.startsWith(' '));
  return lines.slice(start, end).map((line) => line.trim());
}

/** Checks that the first ten lines have the cause, then the place, then the marked line of the code frame. */
function expectBlock(lines: readonly string[], cause: string, line: number): void {
  const head = lines.slice(0, 10);
  const at = [
    head.findIndex((text) => text.startsWith(cause)),
    head.findIndex((text) => text.startsWith(`${file}:${line}:`)),
    head.findIndex((text) => new RegExp(`^> *${line} \\|`).test(text)),
  ];
  expect(at, lines.join('\n')).not.toContain(-1);
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  expect(at[0]).toBe(0);
}

/** The text of each test's failure or error. */
function failuresOf(xml: string): ReadonlyMap<string, string> {
  const parser = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'testcase', trimValues: false });
  interface Case {
    readonly '@_name': string;
    readonly failure?: { readonly '#text': string };
    readonly error?: { readonly '#text': string };
  }
  const parsed = parser.parse(xml) as { testsuites: { testsuite: { testcase: readonly Case[] } } };
  return new Map(
    parsed.testsuites.testsuite.testcase.map((one) => {
      const outcome = one.failure ?? one.error;
      return [one['@_name'], outcome?.['#text'] ?? ''];
    }),
  );
}
