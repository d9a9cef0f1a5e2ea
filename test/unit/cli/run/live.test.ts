// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { activityText } from '../../../../src/cli/run/live/activity-text.ts';
import { BootDurations } from '../../../../src/cli/run/live/boot-durations.ts';
import { fitLine } from '../../../../src/cli/run/live/fit-line.ts';
import { LiveLines } from '../../../../src/cli/run/live/live-lines.ts';
import { Progress } from '../../../../src/cli/run/live/progress.ts';
import type { OpenStep } from '../../../../src/runner/index.ts';
import { Screen } from '../../../support/terminal.ts';
import { stepReport, testReport } from '../../report/build.ts';

/** A stream that seems to be a terminal, and what it shows. */
function terminal(screen: Screen, columns = 60): NodeJS.WriteStream {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 20 }) as unknown as NodeJS.WriteStream;
  stream.on('data', (chunk: Buffer) => {
    screen.write(chunk.toString());
  });
  return stream;
}

const open = (difference: Partial<OpenStep>): OpenStep => ({
  category: 'step',
  source: 'alpy.qemu',
  title: 'Start QEMU',
  timeMs: 0,
  ...difference,
});

test('live lines stay below what is written, also to another stream, and are gone at the end', () => {
  const screen = new Screen();
  const [out, err] = [terminal(screen), terminal(screen)];
  {
    using live = new LiveLines([out, err]);
    live.set(['one', 'two']);
    expect(screen.lines).toEqual(['one', 'two']);
    out.write('first\n');
    err.write('second\n');
    expect(screen.lines).toEqual(['first', 'second', 'one', 'two']);
    live.set(['three']);
    expect(screen.lines).toEqual(['first', 'second', 'three']);
    out.write('no end');
    expect(screen.lines).toEqual(['first', 'second', 'no end']);
    live.set(['four']);
    out.write(' yet\n');
    expect(screen.lines).toEqual(['first', 'second', 'no end yet', 'four']);
  }
  out.write('last\n');
  expect(screen.lines).toEqual(['first', 'second', 'no end yet', 'last', '']);
});

test('a line that is too long for the terminal is cut, and wide characters count twice', () => {
  expect(fitLine('abcdef', 6)).toBe('abcdef');
  expect(fitLine('abcdef', 5)).toBe('abcd…');
  expect(fitLine('\x1b[31mabcdef\x1b[39m', 6)).toBe('\x1b[31mabcdef\x1b[39m');
  expect(fitLine('\x1b[31mabcdef\x1b[39m', 5)).toBe('abcd…');
  expect(fitLine('試験試験', 8)).toBe('試験試験');
  expect(fitLine('試験試験', 7)).toBe('試験試…');
  expect(fitLine('試験試験', 6)).toBe('試験…');
});

test('says what a test waits for, for how long, and how long that usually takes', () => {
  const unknown = (): undefined => undefined;
  const boot = open({ category: 'testbed.boot', title: 'Boot rabbit', timeMs: 1000 });
  const ready = open({ category: 'testbed.ready', title: 'Wait for a carrier on link0', timeMs: 3000 });
  const inBoot = [open({ category: 'snapshot.make' }), boot, open({ title: 'Log in as root', timeMs: 9000 })];
  expect(activityText({ steps: inBoot }, 13_400, unknown)).toBe('booting for 12 s');
  expect(activityText({ steps: inBoot }, 13_400, () => 30_200)).toBe('booting for 12 of about 30 s');
  const inReady = [boot, ready, open({ title: 'Run is-ready', timeMs: 9000 })];
  expect(activityText({ steps: inReady }, 13_400, unknown)).toBe('(10 s) Wait for a carrier on link0');
  expect(activityText({ steps: [open({ category: 'snapshot.save' })] }, 3000, unknown)).toBe('saving a snapshot for 3 s');
  expect(activityText({ steps: [open({ title: 'Ping\n\x1b[1m' })] }, 500, unknown)).toBe('Ping\\n\\e[1m');
  expect(activityText({ steps: [] }, 500, unknown)).toBe('running');
});

test('remembers how long a boot took, for the next run of the same machine', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-boots-'));
  const file = join(made.path, 'boots.json');
  const first = await BootDurations.open(file, 'rabbit');
  expect(first.expectedMs({ category: 'testbed.boot' })).toBeUndefined();
  const boot = (durationMs: number) => stepReport({ category: 'testbed.boot', durationMs });
  first.learn([stepReport({ children: [boot(10_000), boot(20_000), boot(21_000)] }), { ...boot(1), error: 'failed' }]);
  expect(first.expectedMs({ category: 'testbed.boot' })).toBe(20_000);
  expect(first.expectedMs({ category: 'step' })).toBeUndefined();
  await first.save();
  expect((await BootDurations.open(file, 'rabbit')).expectedMs({ category: 'testbed.boot' })).toBe(20_000);
  expect((await BootDurations.open(file, 'hare')).expectedMs({ category: 'testbed.boot' })).toBeUndefined();
});

test('progress shows the running tests, and a test that has ended does not come back', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-boots-'));
  const screen = new Screen();
  const boots = await BootDurations.open(join(made.path, 'boots.json'), 'rabbit');
  const style = { isTerminal: true, paint: (_format: string, text: string) => text };
  using progress = new Progress(new LiveLines([terminal(screen)]), style, boots);
  const activity = { id: '1', file: 'tests/a.test.ts', fullName: 'one', steps: [open({ timeMs: Date.now() })] };
  progress.activity(activity);
  expect(screen.lines).toEqual([expect.stringMatching(/^⋯ 1 running, 0 done \(\d+ s\)$/), '  tests/a.test.ts > one: Start QEMU']);
  progress.test(testReport({ id: '1', status: 'failed' }));
  progress.activity(activity);
  progress.status('saving the reports');
  expect(screen.lines).toEqual([expect.stringMatching(/^⋯ saving the reports, 1 done, 1 failed \(\d+ s\)$/)]);
});
