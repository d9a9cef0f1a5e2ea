// SPDX-License-Identifier: GPL-3.0-or-later
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { SerialConsole } from '../../../src/console/index.ts';
import { connect } from './guest.ts';

const wait = { timeoutMs: 4000 };

function open(): { console: SerialConsole; far: Duplex } {
  const { near, far } = connect();
  return { console: SerialConsole.open(near), far };
}

test.each([
  ['asks for the cursor position after it', '~ # \x1b[6n'],
  ['is coloured', '\x1b[32mhost#\x1b[0m '],
  ['ends with a code after the blank', 'host# \x1b[0m'],
  ['follows a window title', '\x1b]0;root@host: ~\x07root@host:~# '],
  ['switches character sets', '\x1b(B\x1b[mhost# \x0f'],
  ['turns bracketed paste on', '\x1b[?2004hhost# '],
  ['is drawn as zsh does', '\x1b[1m\x1b[7m%\x1b[27m\x1b[0m      \r \r\r\x1b[0m\x1b[Jhost# \x1b[K\x1b[?2004h'],
  ['is followed by the first half of a code', 'host# \x1b[?20'],
])('a prompt that %s is found by a pattern without escape codes', async (_what, prompt) => {
  const { console, far } = open();
  const found = console.expect(/[#$] $/, wait);
  for (const byte of Buffer.from(`boot\r\n${prompt}`, 'latin1')) far.write(Buffer.of(byte));
  expect((await found).text).toBe('# ');
});

test('the match and its groups have no escape codes; output before and after the match keeps them', async () => {
  const { console, far } = open();
  far.write('\x1b[1mbo\x1b[0mot\x1b[32m O\x1b[0mK: stat\x1b[4mus=\x1b[0m1\x1b[0m27\x1b[31m red');
  expect(await console.expect('OK', wait)).toMatchObject({ before: '\x1b[1mbo\x1b[0mot\x1b[32m ', text: 'OK', match: ['OK'] });
  expect(await console.expect(/status=(\d+)/, wait)).toMatchObject({
    before: ': ',
    text: 'status=127',
    match: ['status=127', '127'],
  });
  expect(await console.expect('red', wait)).toMatchObject({ before: '\x1b[31m ' });
});

test('a pattern that contains an escape character sees the unchanged output', async () => {
  const { console, far } = open();
  far.write('~ # \x1b[6n~ # \x1b[6n');
  expect(await console.expect(/# \x1b\[6n/, wait)).toMatchObject({ before: '~ ', text: '# \x1b[6n' });
  expect(await console.expect('\x1b[6n', wait)).toMatchObject({ before: '~ # ', text: '\x1b[6n' });
});

test('an escape character that begins no code does not hide what follows', async () => {
  const { console, far } = open();
  const found = console.expect('login: ', wait);
  far.write('noise \x1b]0;login'); // like the beginning of a title, which has no line feed
  far.write(': \r\n');
  expect((await found).before).toBe('noise \x1b]0;');
  far.write('\x1b\nend');
  expect((await console.expect(/^end/m, wait)).before).toBe('\r\n\x1b\n');
});

test('a look-behind and a text ignore codes before them, in whatever pieces these arrive', async () => {
  const { console, far } = open();
  const code = '\x1b[0m'.repeat(200);
  const found = console.expect(/(?<!Last )login: /, { ...wait, windowBytes: 8 });
  far.write(`Last ${code}lo`);
  far.write(`${code}gin: never\r\nguest l`);
  far.write(`${code}ogin: `);
  expect((await found).before).toMatch(/never\r\nguest $/);
  const text = console.expect('halves', wait);
  far.write(`hal${code}`);
  far.write(`${code}ves`);
  expect((await text).text).toBe('halves');
});

test('a megabyte of colours in small pieces is searched in linear time', async () => {
  const { console, far } = open();
  const found = console.expect(['no such text', /no (?:such )?match/, /end$/], wait);
  const piece = Buffer.from('\x1b[32m[  OK  ]\x1b[0m Started \x1b[1msome service\x1b[0m of the guest\r\n'.repeat(20));
  for (let sent = 0; sent < 2 ** 20; sent += piece.length) far.write(piece);
  far.write('end');
  expect((await found).index).toBe(2);
});
