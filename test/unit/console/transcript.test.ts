// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withSink, type StepEvent } from '../../../src/core/step.ts';
import { SerialConsole, Transcript } from '../../../src/console/index.ts';

test('a transcript does not follow a symbolic link', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-transcript-'));
  const victim = join(made.path, 'victim');
  await writeFile(victim, 'precious');
  await symlink(victim, join(made.path, 'console.log'));
  const transcript = Transcript.create(join(made.path, 'console'));
  transcript.received(Buffer.from('x\n'));
  await expect(transcript[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'ALPY_TRANSCRIPT' });
  expect(await readFile(victim, 'utf8')).toBe('precious');
  expect(await readFile(join(made.path, 'console.txt'), 'utf8')).toMatch(/< x\n$/);
});

test('a guest that floods its console: both files keep the beginning and the end, the log says so, and what it prints is found', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-transcript-'));
  const stream = new PassThrough();
  const events: StepEvent[] = [];
  await withSink(
    (event) => events.push(event),
    async () => {
      const bounds = { most: 10_000, head: 4000, tail: 2000 };
      const transcript = Transcript.create(join(made.path, 'console'), 'console', bounds);
      await using serial = SerialConsole.open(stream, { transcript });
      const found = serial.expect(/last words/, { timeoutMs: 20_000 });
      stream.write('first words\r\n');
      for (let number = 0; number < 2000; number += 1) stream.write(`flood ${number}\r\n`);
      stream.write('last words\r\n');
      await found;
    },
  );
  const log = await readFile(join(made.path, 'console.log'), 'utf8');
  expect(log).toMatch(/^first words\r\nflood 0\r\n[^[]*\n\n\[alpy left out \d+ bytes here\]\n(flood \d+\r\n)+last words\r\n$/);
  expect(log.length).toBeLessThan(10_100);
  expect(await readFile(join(made.path, 'console.txt'), 'utf8')).toMatch(
    /^# console, [^]*first words\n[^]*\n# \d+ bytes were left out here\n[^]*last words\n$/,
  );
  expect(events.map((event) => event.kind === 'log' && event.source)).toEqual(['alpy.console']);
});
