// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import {
  ConsoleClosedError,
  ConsoleTimeoutError,
  END,
  SerialConsole,
  Transcript,
  TranscriptError,
} from '../../../src/console/index.ts';
import { UsageError } from '../../../src/core/errors.ts';
import { connect } from './guest.ts';

const soon = { timeoutMs: 20_000 };

function open(options: Parameters<typeof SerialConsole.open>[1] = {}): { console: SerialConsole; far: Duplex } {
  const { near, far } = connect();
  return { console: SerialConsole.open(near, options), far };
}

describe('expect', () => {
  test('the match that begins earliest wins, whatever its position in the list', async () => {
    const { console, far } = open();
    far.write('one two three');
    const match = await console.expect(['three', /t(w)o/, /thr/], soon);
    expect(match).toEqual({
      index: 1,
      pattern: /t(w)o/,
      match: ['two', 'w'],
      groups: {},
      before: 'one ',
      beforeBytes: Buffer.from('one '),
      text: 'two',
      droppedBytes: 0,
    });
    expect(await console.expect([/\w+/, 'three'], soon)).toMatchObject({ index: 0, before: ' ', text: 'three' });
  });

  test('of two matches at the same place, the first in the list wins', async () => {
    const { console, far } = open();
    far.write('login: ');
    expect(await console.expect(['log', /login: /], soon)).toMatchObject({ index: 0, text: 'log' });
  });

  test('text and expressions match even if they arrive byte by byte', async () => {
    const { console, far } = open();
    const text = console.expect('näher', soon);
    for (const byte of Buffer.from('xx näher')) far.write(Buffer.of(byte));
    expect(await text).toMatchObject({ before: 'xx ', text: 'näher' });
    const expression = console.expect(/status=(?<status>\d+);/, soon);
    for (const byte of Buffer.from('.status=127;rest')) far.write(Buffer.of(byte));
    expect(await expression).toMatchObject({ before: '.', groups: { status: '127' } });
    expect(await console.expect('rest', soon)).toMatchObject({ before: '' });
  });

  test('a look-behind sees output before the search window', async () => {
    const { console, far } = open();
    const found = console.expect(/(?<!Last )login: /, { ...soon, windowBytes: 8 });
    far.write('x'.repeat(500) + 'Last lo');
    far.write('gin: never\n');
    far.write('guest login: ');
    expect((await found).before.slice(500)).toBe('Last login: never\nguest ');
  });

  test('invalid UTF-8 and zero bytes are kept as bytes', async () => {
    const { console, far } = open();
    const noise = Buffer.from([0x00, 0xff, 0xc3, 0x28, 0x80]);
    far.write(noise);
    far.write('prompt');
    expect((await console.expect(/pro/, soon)).beforeBytes).toEqual(noise);
    far.write(Buffer.from([0xfe, 0x41]));
    expect(await console.expect(/\xfe(A)/, soon)).toMatchObject({ before: 'mpt', match: ['\xfeA', 'A'] });
  });

  test('output that arrived before the wait counts, and none is lost', async () => {
    const { console, far } = open();
    const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join('');
    const arrived = new Promise<void>((resolve) => {
      let length = 0;
      console.observe((chunk) => {
        length += chunk.length;
        if (length === lines.length) resolve();
      });
    });
    for (let at = 0; at < lines.length; at += 1000) far.write(lines.slice(at, at + 1000));
    await arrived;
    const { before, text } = await console.expect(/line 4999\n/, soon);
    expect(before + text).toBe(lines);
  });

  test('output beyond the limit is dropped, oldest first, and counted in droppedBytes', async () => {
    const { console, far } = open({ bufferBytes: 1000 });
    far.write('x'.repeat(1500) + 'end');
    expect(await console.expect('end', soon)).toMatchObject({ before: 'x'.repeat(997), droppedBytes: 503 });
  });

  test('the error after a deadline has the last output, escaped', async () => {
    const { console, far } = open({ name: 'rabbit' });
    far.write(Buffer.concat([Buffer.from('boot\x1b[1m ok\r\nÄ\x00\r\n'), Buffer.of(0xff, 0x41)]));
    const error: unknown = await console.expect(['login: ', /pass/], { timeoutMs: 20 }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConsoleTimeoutError);
    expect(error).toMatchObject({
      code: 'ALPY_CONSOLE_TIMEOUT',
      fault: 'device',
      awaited: '"login: " or /pass/',
      timeoutMs: 20,
      tail: 'boot ok\nÄ\\x00\n\\xffA',
      message: 'rabbit: waited 20 ms for "login: " or /pass/',
      details: [{ title: 'Last lines of the console', lines: ['boot ok', 'Ä\\x00', '\\xffA'] }],
    });
    far.write('login: ');
    expect(await console.expect('login: ', soon)).toMatchObject({ index: 0 }); // the console works on
  });

  test('an aborted wait throws the reason of the signal and consumes nothing', async () => {
    const { console, far } = open();
    const controller = new AbortController();
    const waiting = console.expect('never', { ...soon, signal: controller.signal });
    far.write('output');
    const reason = new Error('the test is over');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(await console.expect('output', soon)).toMatchObject({ before: '' });
  });

  test('the end of the console ends a wait', async () => {
    const { console, far } = open();
    const waiting = console.expect('login: ', soon);
    far.write('Power down');
    far.end();
    const error: unknown = await waiting.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConsoleClosedError);
    expect(error).toMatchObject({ awaited: '"login: "', tail: 'Power down' });
    await expect(console.send('x')).rejects.toBeInstanceOf(ConsoleClosedError);
    expect(await console.expect(['login: ', END], soon)).toMatchObject({ index: 1, pattern: END, before: 'Power down' });
  });

  test('the error of a broken stream is the cause of the error', async () => {
    const { near, far } = connect();
    const console = SerialConsole.open(near);
    const cause = new Error('connection reset');
    near.destroy(cause);
    const error: unknown = await console.expect('x', soon).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ALPY_CONSOLE_CLOSED' });
    expect((error as Error).cause).toBe(cause);
    far.destroy();
    await expect(SerialConsole.open(near).expect('x', soon)).rejects.toBeInstanceOf(ConsoleClosedError);
  });

  test('closing the console ends a wait', async () => {
    const { console } = open();
    const waiting = console.expect('x', soon);
    await Promise.all([expect(waiting).rejects.toBeInstanceOf(ConsoleClosedError), console.close()]);
  });

  test('a second wait, an empty text and a non-ASCII expression are refused', async () => {
    const { console, far } = open();
    const first = console.expect('x', soon);
    await expect(console.expect('y', soon)).rejects.toThrow(/cannot wait for "y": another expect still waits for "x"/);
    far.write('x');
    await first;
    await expect(console.expect('', soon)).rejects.toBeInstanceOf(UsageError);
    await expect(console.expect(/ä/, soon)).rejects.toBeInstanceOf(UsageError);
  });

  test('a megabyte in small pieces is searched in linear time', async () => {
    const { console, far } = open();
    const found = console.expect(['no such text', /no (?:such )?match/, /end$/], soon);
    const piece = Buffer.from('[   12.345678] some line of the kernel, as it comes\r\n'.repeat(20));
    for (let sent = 0; sent < 2 ** 20; sent += piece.length) far.write(piece);
    far.write('end');
    expect((await found).index).toBe(2);
  });
});

describe('send', () => {
  test('bytes and lines arrive unchanged', async () => {
    const { console, far } = open({ lineEnd: '\r' });
    const arrived = far.toArray() as Promise<Buffer[]>;
    await console.send(Buffer.from([0, 255, 3]));
    await console.sendLine('ä');
    far.push(null);
    expect(Buffer.concat(await arrived)).toEqual(Buffer.from([0, 255, 3, 0xc3, 0xa4, 13]));
  });

  test('each piece waits for the echo of the previous one, even if the line wraps', async () => {
    const { console, far } = open();
    const taken: string[] = [];
    far.on('data', (piece: Buffer) => {
      taken.push(piece.toString());
      far.write(piece.toString().split('').join('\r\n'));
    });
    await console.send('abcdef\n', { echo: true, chunkBytes: 4, timeoutMs: 20_000 });
    expect(taken).toEqual(['abcd', 'ef\n']);
  });

  test('the error about a missing echo names what was sent, unless it is secret; all pieces share one deadline', async () => {
    const { console } = open();
    const options = { echo: true, timeoutMs: 20 };
    await expect(console.send('abc\x1b', options)).rejects.toMatchObject({ awaited: 'the echo of "abc\\e"', timeoutMs: 20 });
    await expect(console.send('abc', { ...options, secret: true })).rejects.toMatchObject({ awaited: 'the echo of a secret' });
    await expect(console.send('abc', { chunkBytes: 0 })).rejects.toBeInstanceOf(UsageError);
  });

  test('sending fails at the deadline if the device takes nothing', async () => {
    const console = SerialConsole.open(new Duplex({ read: () => undefined, write: () => undefined }));
    await expect(console.send('x', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ALPY_CONSOLE_TIMEOUT',
      awaited: 'the device to take its input',
    });
  });
});

describe('transcript', () => {
  test('console.log has every byte, console.txt is escaped and has time and direction, neither has a secret', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'alpy-console-'));
    try {
      const base = join(directory, 'console');
      const { console, far } = open({ transcript: Transcript.create(base) });
      const received = [Buffer.from('boot\r\n\r\n'), Buffer.from([0xff, 0x00, 0x1b]), Buffer.from('[0m\nlogin: ')];
      for (const chunk of received) far.write(chunk);
      await console.expect('login: ', soon);
      await console.sendLine('root');
      far.write('root\r\nPassword: ');
      await console.expect('Password: ', soon);
      await console.sendLine('hunter2', { secret: true });
      far.write('\r\nÄ# ');
      await console.expect('# ', soon);
      await console.close();
      const log = await readFile(`${base}.log`);
      expect(log).toEqual(Buffer.concat([...received, Buffer.from('root\r\nPassword: \r\nÄ# ')]));
      const [head = '', ...lines] = (await readFile(`${base}.txt`, 'utf8')).split('\n');
      expect(head).toMatch(/^# serial console, seconds since \d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(lines.map((line) => line.replace(/^ +\d+\.\d{3} /, ''))).toEqual([
        '< boot',
        '<',
        '< \\xff\\x00\\e[0m',
        '< login: ',
        '> root',
        '< root',
        '< Password: ',
        '> ***',
        '<',
        '< Ä# ',
        '',
      ]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('an error while writing the transcript is thrown by the next wait and by close', async () => {
    const transcript = Transcript.create('/nonexistent/console');
    const { console, far } = open({ transcript });
    far.write('x');
    await expect(console.close()).rejects.toBeInstanceOf(TranscriptError);
    await expect(console.expect('x', soon)).rejects.toMatchObject({ code: 'ALPY_TRANSCRIPT', fault: 'environment' });
  });
});
