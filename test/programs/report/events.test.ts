// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFile, mkdtempDisposable, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { log, step, withSink } from '../../../src/core/step.ts';
import { DebugLog } from '../../../src/report/debug-log.ts';
import { composeSinks } from '../../../src/report/events.ts';
import { readEvents } from '../../../src/report/read-events.ts';
import { stepTree } from '../../../src/report/step-tree.ts';
import { terminalSink } from '../../../src/report/terminal.ts';
import { begin, end, line } from '../../unit/report/build.ts';

test('an event is one line, whatever a device printed', () => {
  const lines: string[] = [];
  const sink = terminalSink((text) => lines.push(text));
  const qemu = { title: 'Start QEMU', parentId: 'boot' };
  sink(begin('boot', { title: 'Boot' }));
  sink(begin('qemu', qemu));
  sink(line('a\r\n\u001b[31mb\u2028\u0000\u202e\\ü\ud800', { stepId: 'qemu' }));
  sink(end('qemu', { ...qemu, durationMs: 5, error: 'no answer\nlast output:\nlogin' }));
  sink(end('boot', { title: 'Boot', durationMs: 412 }));
  sink(line('plain'));
  expect(lines).toEqual([
    'INFO alpy.qemu Boot...',
    'INFO alpy.qemu Boot > Start QEMU...',
    'INFO dut Boot > Start QEMU: a\\r\\n\\e[31mb\\u2028\\x00\\u202e\\ü\ufffd',
    'INFO alpy.qemu Boot > Start QEMU... failed: no answer …',
    'INFO alpy.qemu Boot... done (0.41 s)',
    'INFO dut plain',
  ]);
});

test('the lines of parallel steps show their paths', async () => {
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

test('debug.log and events.ndjson contain every event immediately, and readEvents reads the latter', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const directory = join(made.path, 'a', 'b');
  const events = [
    begin('boot', { title: 'Boot', category: 'testbed.boot', timeMs: 1000 }),
    line('x\ny', { stepId: 'boot', timeMs: 1500.6 }),
    end('boot', { title: 'Boot', category: 'testbed.boot', timeMs: 2000, durationMs: 1000 }),
  ];
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

test('readEvents skips lines that are not valid events', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const file = join(made.path, 'events.ndjson');
  const good = [begin('A'), line('x', { stepId: 'A' }), end('A')];
  const bad = [
    '{',
    'null',
    '5',
    '{}',
    '{"kind":"begin","path":["A"],"source":"","timeMs":1}', // of an older alpy
    ...[
      { ...begin('A'), id: undefined },
      { ...begin('A'), title: undefined },
      { ...begin('A'), parentId: 5 },
      { ...begin('A'), category: 'other' },
      { ...end('A'), durationMs: undefined },
      { ...end('A'), error: {} },
      { ...line('x'), stepId: 5 },
      { ...line('x'), text: undefined },
      { ...line('x'), kind: 'other' },
    ].map((value) => JSON.stringify(value)),
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
  expect(stepTree(readEvents(file))).toMatchObject([{ title: 'A', log: ['x'], durationMs: 1 }]);
});

test('readEvents reads only the beginning of a huge file, and only a regular file', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const file = join(made.path, 'events.ndjson');
  await writeFile(file, `${JSON.stringify(begin('A'))}\n`);
  await truncate(file, 8 * 1024 ** 3); // takes no room on the disk
  expect([...readEvents(file)]).toEqual([begin('A')]);
  await symlink('/dev/zero', join(made.path, 'link'));
  for (const other of [join(made.path, 'link'), '/dev/zero'])
    expect(() => [...readEvents(other)]).toThrow(expect.objectContaining({ code: 'ALPY_ENVIRONMENT' }));
});

test('a log file that cannot grow, as on a full disk, ends the log but not the test', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const script = `const { DebugLog } = await import(process.argv[1]);
    const debug = DebugLog.open(process.argv[2], 0);
    for (let timeMs = 1; timeMs <= 20; timeMs += 1) {
      debug.sink({ kind: 'begin', id: 'A', category: 'step', title: 'A', source: 'alpy.qemu', timeMs });
    }
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
  expect(times.length).toBeLessThan(20); // a log with a gap would be misleading
  expect(times).toEqual([...times.slice(1).map((_, index) => String(index + 1)), '']);
});

test('the log is not written through a link', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const victim = join(made.path, 'victim');
  await writeFile(victim, 'precious');
  await symlink(victim, join(made.path, 'debug.log'));
  using debug = DebugLog.open(made.path, 0);
  debug.sink(begin('A'));
  expect(await readFile(victim, 'utf8')).toBe('precious');
  expect(debug.failure).toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

test('a log that cannot be opened or is closed still accepts events', () => {
  const debug = DebugLog.open('/dev/null/x', 0);
  debug.sink(begin('A'));
  debug[Symbol.dispose]();
  debug.sink(begin('B'));
  expect(debug.failure).toMatchObject({ code: 'ENOTDIR' });
});

test('a log that becomes too large keeps its beginning and its end, and all its events can be read', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  const debug = DebugLog.open(made.path, 0, { most: 20_000, head: 8000, tail: 4000 });
  const texts = Array.from({ length: 1000 }, (_, number) => `line ${number}`);
  for (const text of texts) debug.sink(line(text));
  debug[Symbol.dispose]();
  expect(debug.failure).toBeUndefined();
  const text = await readFile(join(made.path, 'debug.log'), 'utf8');
  expect(text).toMatch(/line 0\n[^]*\n… \d+ bytes were left out here\n[^]*line 999\n$/);
  expect(text.length).toBeLessThan(20_100);
  const json = (await readFile(join(made.path, 'events.ndjson'), 'utf8')).trimEnd().split('\n');
  const kept = json.map((one) => (JSON.parse(one) as { readonly text: string }).text);
  const isNote = (one: string): boolean => !one.startsWith('line ');
  expect(kept.filter(isNote)).toHaveLength(1);
  expect(kept.filter((one) => !isNote(one))).toEqual([
    ...texts.slice(0, kept.findIndex(isNote)),
    ...texts.slice(kept.findIndex(isNote) + 1 - kept.length),
  ]);
});
