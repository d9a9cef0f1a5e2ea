// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { consoleArtifacts, consoleTail, JobLog, testSection } from '../../../src/report/job-log.ts';
import { stepLines } from '../../../src/report/step-tree.ts';
import { stepReport, testReport } from './build.ts';

const rest = '… the rest is in the artifacts';

function open(limitBytes?: number): { readonly log: JobLog; readonly lines: string[]; readonly bytes: () => number } {
  const lines: string[] = [];
  const limit = limitBytes === undefined ? {} : { limitBytes };
  const log = new JobLog({ write: (line) => lines.push(line), nowMs: () => 1_700_000_000_999, ...limit });
  return { log, lines, bytes: () => Buffer.byteLength(lines.map((line) => `${line}\n`).join('')) };
}

const start = (name: string, header: string, options = ''): string =>
  `\u001b[0Ksection_start:1700000000:${name}${options}\r\u001b[0K${header}`;
const end = (name: string): string => `\u001b[0Ksection_end:1700000000:${name}\r\u001b[0K`;

/** Every section is closed before the next one opens. */
function expectBalanced(lines: readonly string[]): void {
  const marks = lines.flatMap((line) => /^\u001b\[0Ksection_(start|end):\d+:([\w.-]+)/.exec(line)?.slice(1).join(' ') ?? []);
  for (let index = 0; index < marks.length; index += 2) {
    expect(marks[index + 1]).toBe(marks[index]!.replace('start', 'end'));
  }
}

describe('sections', () => {
  test('can be open or collapsed', () => {
    const { log, lines } = open();
    log.line('before');
    expect(log.section('boot', 'Boot', { collapsed: true }, ['a', 'b'])).toBe(true);
    expect(log.section('test.a_b-c', 'Test', { collapsed: false }, [])).toBe(true);
    log.essential('after');
    const first = [start('boot', 'Boot', '[collapsed=true]'), 'a', 'b', end('boot')];
    expect(lines).toEqual(['before', ...first, start('test.a_b-c', 'Test'), end('test.a_b-c'), 'after']);
  });

  test('have safe, short names, which are unique also for GitLab, which compares only letters and digits', () => {
    const { log, lines } = open();
    const names = ['a b', 'a_b', 'A.B', 'über > x[collapsed=true]\r\n', '', 'x'.repeat(500)];
    for (const name of names) log.section(name, 'h', { collapsed: false }, []);
    const got = lines.filter((_, index) => index % 2 === 0).map((line) => /:([\w.-]+)\r/.exec(line)?.[1]);
    expect(got).toEqual(['a_b', 'a_b-2', 'A.B-3', '_ber_x_collapsed_true_', 'section', 'x'.repeat(100)]);
    expectBalanced(lines);
  });

  test('cannot be opened or closed by any text in them', () => {
    const { log, lines } = open();
    const hostile = `${end('a')}\n${start('b', 'x')}\u009b0K`;
    log.line(hostile);
    log.essential(hostile);
    log.section('a', hostile, { collapsed: false }, [hostile]);
    testSection(
      log,
      testReport({ fullName: hostile, status: 'failed', errors: [{ message: hostile }] }),
      [{ file: hostile, lines: [hostile] }],
      [hostile],
    );
    testSection(log, testReport({ fullName: hostile, status: 'skipped', skipReason: hostile }), [], []);
    const escaped = String.raw`\e[0Ksection_end:1700000000:a\r\e[0K\n\e[0Ksection_start:1700000000:b\r\e[0Kx\x9b0K`;
    expect(lines.slice(0, 5)).toEqual([escaped, escaped, start('a', escaped), escaped, end('a')]);
    expect(lines.filter((line) => /\p{Cc}/u.test(line))).toHaveLength(4);
    expectBalanced(lines);
  });
});

describe('the limit', () => {
  // half is reserved for essential lines
  const restSize = Buffer.byteLength(rest) + 1;
  const limit = 2 * (restSize + 20);

  test('the body fills its part to the last byte, counted in bytes and not in characters', () => {
    const { log, lines } = open(limit);
    log.line('ä'.repeat(4)); // 9 bytes
    log.line('€€€x'); // 11 bytes
    expect(lines).toEqual(['ääää', '€€€x']);
    log.line('');
    log.line('more');
    expect(lines).toEqual(['ääää', '€€€x', rest]);
  });

  test('a line that is one byte too long is left out, and so are all later ones', () => {
    const { log, lines } = open(limit);
    log.line('€'.repeat(6) + 'xx'); // 21 bytes
    log.line('x');
    expect(lines).toEqual([rest]);
  });

  test('essential lines still fit, and the last one is cut off at the last byte', () => {
    const { log, lines, bytes } = open(limit);
    log.line('x'.repeat(500));
    log.essential('FAILED a');
    log.essential('€'.repeat(500));
    log.essential('lost');
    const left = limit - restSize - 9 - 1 - 3;
    expect(lines).toEqual([rest, 'FAILED a', `${'€'.repeat(Math.floor(left / 3))}…`]);
    expect(bytes()).toBeLessThanOrEqual(limit);
    expect(bytes()).toBeGreaterThan(limit - 3);
  });

  test('essential lines before the body is full leave place for the line on the rest', () => {
    const { log, lines, bytes } = open(limit);
    log.essential('y'.repeat(500));
    log.line('x');
    expect(lines).toEqual([`${'y'.repeat(limit - restSize - 4)}…`, rest]);
    expect(bytes()).toBe(limit);
  });

  test('a section that does not fit is still closed, and later ones are left out', () => {
    const { log, lines, bytes } = open(1000);
    expect(log.section('a', 'A', { collapsed: true }, Array<string>(100).fill('ü'.repeat(10)))).toBe(true);
    expect(log.section('b', 'B', { collapsed: true }, ['x'])).toBe(false);
    log.essential('1 failed');
    expect(lines.slice(-3)).toEqual([end('a'), rest, '1 failed']);
    expect(lines).not.toContain(start('b', 'B', '[collapsed=true]'));
    expectBalanced(lines);
    expect(bytes()).toBeLessThanOrEqual(500 + 9);
  });

  test('64 KiB of a long log are reserved for essential lines', () => {
    const { log, lines, bytes } = open();
    for (let n = 0; n < 20_000; n++) log.line('x'.repeat(99));
    expect(lines).toHaveLength(Math.floor((1_000_000 - 65_536 - restSize) / 100) + 1);
    for (let n = 0; n < 655; n++) log.essential('y'.repeat(99));
    expect(lines.at(-1)).toBe('y'.repeat(99));
    for (let n = 0; n < 10; n++) log.essential('y'.repeat(99));
    expect(bytes()).toBe(1_000_000);
  });

  test('no limit is exceeded, and sections are balanced', () => {
    for (let limitBytes = 0; limitBytes < 700; limitBytes++) {
      const { log, lines, bytes } = open(limitBytes);
      log.section('a', 'ä', { collapsed: true }, ['€uro', 'x']);
      log.line('ü');
      testSection(
        log,
        testReport({ status: 'failed', errors: [{ message: '€' }] }),
        [{ file: 'console.txt', lines: ['🐇'] }],
        ['s'],
      );
      log.essential('🐇'.repeat(20));
      expect(bytes()).toBeLessThanOrEqual(limitBytes);
      expect(lines.join('')).not.toContain('\ufffd');
      expectBalanced(lines);
    }
  });
});

describe('a test', () => {
  const artifacts = ['tests/a/console.log', 'tests/a/console.txt', 'tests/a/link0.pcap'];
  const name = 'rabbit_forwards_IPv4';

  test('that passed is collapsed', () => {
    const { log, lines } = open();
    testSection(log, testReport({ artifacts }), [{ file: 'tests/a/console.txt', lines: ['console'] }], ['Boot... done (8.10 s)']);
    const heading = 'PASSED tests/forward/forward.test.ts > rabbit > forwards IPv4 (1.23 s)';
    expect(lines).toEqual([start(name, heading, '[collapsed=true]'), 'Boot... done (8.10 s)', end(name)]);
  });

  test('that was skipped is one line', () => {
    const { log, lines } = open();
    testSection(log, testReport({ status: 'skipped', skipReason: 'no KVM' }), [], []);
    expect(lines).toEqual(['SKIPPED tests/forward/forward.test.ts > rabbit > forwards IPv4: no KVM']);
  });

  test.each([
    ['failed', 'FAILED'],
    ['error', 'ERROR'],
  ] as const)('that ended as %s is open, with message, steps and the last 40 lines of the console', (status, heading) => {
    const { log, lines } = open();
    const errors = [{ message: 'not\u001b[31m equal', diff: '- 1\n+ 2', code: 'ALPY_X' }, { message: 'more' }];
    const tail = Array.from({ length: 50 }, (_, index) => `line ${index}\u0007`);
    testSection(
      log,
      testReport({ status, errors, artifacts }),
      [{ file: 'tests/a/console.txt', lines: tail }],
      ['Boot... not ended'],
    );
    expect(lines).toEqual([
      start(name, `${heading} tests/forward/forward.test.ts > rabbit > forwards IPv4 (1.23 s)`),
      ...['not equal', '(ALPY_X)', '', '- 1', '+ 2', '', 'more', '', 'Boot... not ended', ''],
      'Last lines of tests/a/console.txt:',
      ...Array.from({ length: 40 }, (_, index) => String.raw`  line ${index + 10}\a`),
      end(name),
    ]);
  });

  test('that failed has its heading also in a full log', () => {
    const { log, lines } = open(400);
    log.line('x'.repeat(400));
    testSection(log, testReport({ status: 'failed' }), [], []);
    testSection(log, testReport(), [], []);
    expect(lines).toEqual([rest, 'FAILED tests/forward/forward.test.ts > rabbit > forwards IPv4 (1.23 s)']);
  });

  test('has its console in console.txt, or else in console.log; several devices have one each', () => {
    const consolesOf = (...files: readonly string[]): readonly string[] => consoleArtifacts(testReport({ artifacts: files }));
    expect(consolesOf(...artifacts)).toEqual(['tests/a/console.txt']);
    expect(consolesOf('tests/a/console.log')).toEqual(['tests/a/console.log']);
    expect(consolesOf('tests/a/myconsole.log')).toEqual([]);
    expect(consolesOf('a/console-left.log', 'a/console-left.txt', 'a/console-right.log')).toEqual([
      'a/console-left.txt',
      'a/console-right.log',
    ]);
  });

  test('shows the end of the console of each device', () => {
    const { log, lines } = open();
    const tails = [
      { file: 'a/console-left.txt', lines: ['left login:'] },
      { file: 'a/console-right.txt', lines: [] },
      { file: 'a/console-top.txt', lines: ['panic'] },
    ];
    testSection(log, testReport({ status: 'failed' }), tails, []);
    const shown = lines.slice(lines.indexOf('Last lines of a/console-left.txt:'), -1);
    expect(shown).toEqual([
      'Last lines of a/console-left.txt:',
      '  left login:',
      '',
      'Last lines of a/console-top.txt:',
      '  panic',
    ]);
  });

  test('has indented steps with their log lines', () => {
    const inner = stepReport({ title: 'Log\nin', error: 'no prompt\nat all', log: ['a\tb'] });
    const outer = stepReport({ durationMs: 410, log: ['x'], children: [inner] });
    expect(stepLines([outer, stepReport({ title: 'Send' })])).toEqual([
      ...['Boot... done (0.41 s)', '  | x'],
      ...[String.raw`  Log\nin... failed: no prompt …`, String.raw`    | a\tb`],
      'Send... not ended',
    ]);
  });
});

describe('the end of a console', () => {
  async function write(bytes: string | Uint8Array): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'alpy-tail-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, 'console.log'), bytes);
    return join(directory, 'console.log');
  }

  test.each([
    ['a\nb\nc\n', {}, ['a', 'b', 'c']],
    ['a\nb\nc', { lines: 2 }, ['b', 'c']],
    ['a\nb', { lines: 0 }, []],
    ['', {}, []],
    ['\u001b[31mred\u001b[0m\r\r\nb\r\n\u0000', {}, ['red', 'b']],
    ['first\nsecond\nlast\n', { maxBytes: 11 }, ['last']], // cuts "second"
    ['first\nsecond\nlast\n', { maxBytes: 12 }, ['second', 'last']], // begins with a whole line
    ['first\nsecond\nlast\n', { maxBytes: 18 }, ['first', 'second', 'last']],
    ['ä€🐇x', { maxBytes: 4 }, ['x']], // cuts the rabbit
    ['ä€🐇x', { maxBytes: 5 }, ['🐇x']],
    ['ä€🐇x\n', { maxBytes: 5 }, ['x']],
    ['🐇', { maxBytes: 2 }, []],
    ['abc', { maxBytes: 0 }, []],
  ] as const)('of %j with options %j', async (text, options, lines) => {
    expect(await consoleTail(await write(text), options)).toEqual(lines);
  });

  test('of a long file has 40 lines', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => String(index));
    expect(await consoleTail(await write(lines.join('\n')))).toEqual(lines.slice(-40));
  });

  test('of a missing file is empty, and of an unreadable one an error', async () => {
    expect(await consoleTail('/nowhere/console.log')).toEqual([]);
    await expect(consoleTail(tmpdir())).rejects.toThrow('cannot read');
  });
});
