// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFile, mkdtempDisposable, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { log, step, withSink, type StepEvent } from '../../../src/core/step.ts';
import { BoundedSink } from '../../../src/report/bounded-sink.ts';
import { DebugLog } from '../../../src/report/debug-log.ts';
import { composeSinks, eventLine } from '../../../src/report/events.ts';
import { readEvents } from '../../../src/report/read-events.ts';
import { stepLines, stepTree } from '../../../src/report/step-tree.ts';
import { terminalSink } from '../../../src/report/terminal.ts';

const begin = (timeMs: number, ...path: string[]): StepEvent => ({ kind: 'begin', path, source: 'alpy.qemu', timeMs });
const line = (timeMs: number, text: string, ...path: string[]): StepEvent => ({ kind: 'log', path, source: 'dut', timeMs, text });
const end = (timeMs: number, durationMs: number, ...path: string[]): StepEvent => ({
  kind: 'end',
  path,
  source: 'alpy.qemu',
  timeMs,
  durationMs,
});
const fail = (timeMs: number, durationMs: number, error: string, ...path: string[]): StepEvent => ({
  kind: 'end',
  path,
  source: 'alpy.qemu',
  timeMs,
  durationMs,
  error,
});

test('an event is one line, whatever a device printed', () => {
  const events = [
    begin(0, 'Start QEMU'),
    end(0, 412, 'Start QEMU'),
    fail(0, 5, 'no answer\nlast output:\nlogin', 'Boot', 'Start QEMU'),
    line(0, 'a\r\n\u001b[31mb\u2028\u0000\u202e\\ü\ud800', 'Boot'),
    line(0, 'plain'),
  ];
  expect(events.map(eventLine)).toEqual([
    'INFO alpy.qemu Start QEMU...',
    'INFO alpy.qemu Start QEMU... done (0.41 s)',
    'INFO alpy.qemu Boot > Start QEMU... failed: no answer …',
    'INFO dut Boot: a\\r\\n\\e[31mb\\u2028\\x00\\u202e\\ü\ufffd',
    'INFO dut plain',
  ]);
});

test('the lines of real parallel steps tell which is which', async () => {
  const lines: string[] = [];
  await withSink(composeSinks(terminalSink((text) => lines.push(text.replace(/[\d.]+ s/, 'T')))), () =>
    step('alpy.testbed', 'Start nodes', async () => {
      await Promise.all(
        ['node0', 'node1'].map((node) =>
          step('alpy.docker', `Start ${node}`, () => {
            log('alpy.docker', node);
            return Promise.resolve();
          }),
        ),
      );
    }),
  );
  expect(lines).toEqual([
    'INFO alpy.testbed Start nodes...',
    'INFO alpy.docker Start nodes > Start node0...',
    'INFO alpy.docker Start nodes > Start node0: node0',
    'INFO alpy.docker Start nodes > Start node1...',
    'INFO alpy.docker Start nodes > Start node1: node1',
    'INFO alpy.docker Start nodes > Start node0... done (T)',
    'INFO alpy.docker Start nodes > Start node1... done (T)',
    'INFO alpy.testbed Start nodes... done (T)',
  ]);
});

test('events become a tree, also those of parallel steps of one name, without a begin or without an end', () => {
  const events = [
    line(0, 'before'),
    begin(1, 'Boot'),
    begin(2, 'Boot', 'Ping'),
    begin(3, 'Boot', 'Ping'),
    line(4, 'pong', 'Boot', 'Ping'),
    fail(5, 3, 'lost', 'Boot', 'Ping'),
    end(6, 3, 'Boot', 'Ping'),
    end(7, 2, 'Boot', 'Late'),
  ];
  const tree = stepTree(events);
  const source = 'alpy.qemu';
  expect(tree).toEqual([
    { title: 'Log', source: '', timeMs: 0, log: ['before'], children: [] },
    {
      title: 'Boot',
      source,
      timeMs: 1,
      log: [],
      children: [
        { title: 'Ping', source, timeMs: 2, durationMs: 3, error: 'lost', log: ['pong'], children: [] },
        { title: 'Ping', source, timeMs: 3, durationMs: 3, log: [], children: [] },
        { title: 'Late', source, timeMs: 5, durationMs: 2, log: [], children: [] },
      ],
    },
  ]);
  expect(stepLines(tree)).toEqual([
    'Log... not ended',
    '  | before',
    'Boot... not ended',
    '  Ping... failed: lost',
    '    | pong',
    '  Ping... done (0.00 s)',
    '  Late... done (0.00 s)',
  ]);
});

test('a flood of log lines ends with a note', () => {
  const [step] = stepTree([begin(0, 'A'), line(0, 'x'.repeat(65_536), 'A'), line(0, 'y', 'A'), line(0, 'z', 'A')]);
  expect(step?.log.map((text) => text.slice(0, 60))).toEqual(['x'.repeat(60), '… further lines are in events.ndjson']);
});

test('debug.log and events.ndjson hold every event at once, and the latter can be read back', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const directory = join(made.path, 'a', 'b');
  const events = [begin(1000, 'Boot'), line(1500.6, 'x\ny', 'Boot'), end(2000, 1000, 'Boot')];
  using debug = DebugLog.open(directory, 1000);
  for (const event of events) debug.sink(event);
  const [text, json] = await Promise.all(['debug.log', 'events.ndjson'].map((name) => readFile(join(directory, name), 'utf8')));
  expect(text).toBe(
    '      0 INFO alpy.qemu Boot...\n    501 INFO dut Boot: x\\ny\n   1000 INFO alpy.qemu Boot... done (1.00 s)\n',
  );
  expect(json?.trimEnd().split('\n')).toHaveLength(3);
  await appendFile(join(directory, 'events.ndjson'), '{"kind":"be');
  expect([...readEvents(join(directory, 'events.ndjson'))]).toEqual(events);
  expect(debug.failure).toBeUndefined();
});

test('lines that are no events are left out, however long they are and whatever is in them', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const file = join(made.path, 'events.ndjson');
  const good = [begin(1, 'A'), line(2, 'x', 'A'), end(3, 2, 'A')];
  const bad = [
    '{',
    'null',
    '5',
    '{}',
    '{"kind":"log","path":"A"}',
    '{"kind":"end","path":[],"source":"","timeMs":1,"durationMs":1}',
  ];
  const lines = [
    ...bad,
    JSON.stringify(good[0]),
    'y'.repeat(1_000_000),
    JSON.stringify(good[1]),
    '\u0000\u00ff',
    JSON.stringify(good[2]),
  ];
  await writeFile(file, lines.join('\n'));
  expect([...readEvents(file)]).toEqual(good);
  expect(stepTree(readEvents(file))).toMatchObject([{ title: 'A', log: ['x'], durationMs: 2 }]);
});

test('of a file of events without end the beginning is read, and nothing but a regular file', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const file = join(made.path, 'events.ndjson');
  await writeFile(file, `${JSON.stringify(begin(1, 'A'))}\n`);
  await truncate(file, 8 * 1024 ** 3); // takes no room on the disk
  expect([...readEvents(file)]).toEqual([begin(1, 'A')]);
  await symlink('/dev/zero', join(made.path, 'link'));
  for (const other of [join(made.path, 'link'), '/dev/zero'])
    expect(() => [...readEvents(other)]).toThrow(expect.objectContaining({ code: 'ALPY_ENVIRONMENT' }));
});

test('reports of a test with very many steps say how many are missing', () => {
  const events = Array.from({ length: 5000 }, (_, n) => [begin(n, `Step ${n}`), end(n, 1, `Step ${n}`)]).flat();
  const [log, ...steps] = stepTree(events);
  expect(log?.log).toEqual(['… 3000 further steps are in events.ndjson']);
  expect(steps).toHaveLength(2000);
  expect(steps.every(({ durationMs }) => durationMs === 1)).toBe(true);
});

describe('a log without end', () => {
  const limits = { step: 100, test: 250, line: 50, title: 20, steps: 3 };
  function bounded(events: readonly StepEvent[]): readonly string[] {
    const lines: string[] = [];
    const sink = new BoundedSink(
      (event) =>
        lines.push(
          eventLine(event)
            .replace(/^INFO \S+ /, '')
            .replace(/\\n/g, '|'),
        ),
      limits,
    );
    for (const event of events) sink.sink(event);
    sink[Symbol.dispose]();
    return lines;
  }
  const many = (count: number, ...path: string[]): StepEvent[] =>
    Array.from({ length: count }, () => line(0, 'x'.repeat(19), ...path));
  const full = '… this is too much for the log, further lines are left out';

  test('ends in its step, and the end of the step says what was left out', () => {
    expect(bounded([begin(0, 'A'), ...many(8, 'A'), end(0, 1, 'A'), line(0, 'afterwards')])).toEqual([
      'A...',
      ...Array.from({ length: 5 }, () => `A: ${'x'.repeat(19)}`),
      `A: ${full}`,
      'A: … 3 lines (57 characters) were left out',
      'A... done (0.00 s)',
      'afterwards',
    ]);
  });

  test('costs other sources, and other steps, nothing of theirs', () => {
    const other: StepEvent = { ...line(0, 'node0 ended'), source: 'alpy.docker' };
    expect(bounded([...many(500), other]).slice(-3)).toEqual([
      full,
      'node0 ended',
      '… 495 lines (9405 characters) were left out',
    ]);
  });

  test('ends for the whole test, too', () => {
    const paths = ['A', 'B', 'C'];
    const lines = bounded([...paths.map((title) => begin(0, title)), ...paths.flatMap((title) => many(5, title))]);
    expect(lines.filter((text) => text.endsWith('xxx'))).toHaveLength(12);
    expect(lines.at(-1)).toBe('C: … 3 lines (57 characters) were left out');
  });

  test('has neither long lines nor long titles, and only so many steps', () => {
    const titles = ['a'.repeat(50), 'B', 'C', 'D', 'E'];
    const events = titles.flatMap((title) => [begin(0, title), line(0, 'y'.repeat(500), title), end(0, 1, title)]);
    const short = `${'a'.repeat(10)} … 30 characters left out … ${'a'.repeat(10)}`;
    const text = `${'y'.repeat(25)}|… 450 characters left out …|${'y'.repeat(25)}`;
    expect(bounded([...events, line(0, 'z')])).toEqual([
      ...[short, 'B', 'C'].flatMap((title) => [`${title}...`, `${title}: ${text}`, `${title}... done (0.00 s)`]).slice(0, 9),
      'z',
      '2 further steps are not logged, and nothing of what was logged in them',
    ]);
  });
});

test('a file that cannot grow, as on a full disk, ends the log, not the test', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const script = `const { DebugLog } = await import(process.argv[1]);
    const debug = DebugLog.open(process.argv[2], 0);
    for (let timeMs = 1; timeMs <= 20; timeMs += 1) debug.sink({ kind: 'begin', path: ['A'], source: 'alpy.qemu', timeMs });
    console.log(debug.failure.code);`;
  const debugLog = join(import.meta.dirname, '../../../src/report/debug-log.ts');
  const limited = 'ulimit -f 1; exec "$@"';
  const { stdout } = await execa('sh', [
    '-c',
    limited,
    'sh',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
    debugLog,
    made.path,
  ]);
  expect(stdout).toBe('EFBIG');
  const times = (await readFile(join(made.path, 'debug.log'), 'utf8')).split('\n').map((text) => text.trim().split(' ')[0]);
  expect(times.length).toBeLessThan(20); // after a gap the rest would mislead
  expect(times).toEqual([...times.slice(1).map((_, index) => String(index + 1)), '']);
});

test('a log is not written to what a link leads to', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const victim = join(made.path, 'victim');
  await writeFile(victim, 'precious');
  await symlink(victim, join(made.path, 'debug.log'));
  using debug = DebugLog.open(made.path, 0);
  debug.sink(begin(1, 'A'));
  expect(await readFile(victim, 'utf8')).toBe('precious');
  expect(debug.failure).toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

test('a log that cannot be opened or is closed takes events all the same', () => {
  const debug = DebugLog.open('/dev/null/x', 0);
  debug.sink(begin(1, 'A'));
  debug[Symbol.dispose]();
  debug.sink(begin(1, 'B'));
  expect(debug.failure).toMatchObject({ code: 'ENOTDIR' });
});
