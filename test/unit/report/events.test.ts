// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFileSync } from 'node:fs';
import { mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { log, step, withSink, type StepEvent } from '../../../src/core/step.ts';
import { DebugLog } from '../../../src/report/debug-log.ts';
import { composeSinks, eventLine, parseEvents } from '../../../src/report/events.ts';
import { stepLines, stepTree } from '../../../src/report/step-tree.ts';
import { terminalSink } from '../../../src/report/terminal.ts';

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  return { ...fs, appendFileSync: vi.fn(fs.appendFileSync) };
});

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
  expect(parseEvents(`${json ?? ''}{"kind":"be`)).toEqual(events);
  expect(debug.failure).toBeUndefined();
});

test('a full disk ends the log, not the test', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  using debug = DebugLog.open(made.path, 0);
  const writing = vi.mocked(appendFileSync);
  const write = writing.getMockImplementation()!;
  writing.mockImplementationOnce(write).mockImplementationOnce(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  });
  debug.sink(begin(1, 'A'));
  debug.sink(begin(2, 'B'));
  expect(await readFile(join(made.path, 'debug.log'), 'utf8')).toBe('      1 INFO alpy.qemu A...\n');
  expect(debug.failure).toMatchObject({ code: 'ENOSPC' });
});

test('a log is not written to what a link leads to', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const victim = join(made.path, 'victim');
  await writeFile(victim, 'precious');
  await symlink(victim, join(made.path, 'debug.log'));
  using debug = DebugLog.open(made.path, 0);
  debug.sink(begin(1, 'A'));
  expect(await readFile(victim, 'utf8')).toBe('precious');
  expect(debug.failure).toMatchObject({ message: expect.stringContaining('got a link') as string });
});

test('a log that cannot be opened or is closed takes events all the same', () => {
  const debug = DebugLog.open('/dev/null/x', 0);
  debug.sink(begin(1, 'A'));
  debug[Symbol.dispose]();
  debug.sink(begin(1, 'B'));
  expect(debug.failure).toMatchObject({ code: 'ENOTDIR' });
});
