// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { expect } from 'vitest';
import { logIn } from '../../../src/access/serial-shell/login.ts';
import { pagerPrompt } from '../../../src/access/serial-shell/pager.ts';
import { separateKernelMessages } from '../../../src/access/serial-shell/kernel-messages.ts';
import { RemoteShell } from '../../../src/access/index.ts';
import { END, SerialConsole } from '../../../src/console/index.ts';
import { ByteQueue } from '../../../src/console/byte-queue.ts';
import { allowingErrors, anyText, brokenBytes, fuzz, inPieces } from '../../support/fuzz.ts';
import { harmful } from '../../support/hostile.ts';
import { connect } from './guest.ts';

const wait = { timeoutMs: 20_000 };
const screen = [
  '\x1b[2J\x1b[1;31mboot\x1b[0m ok\r\nDebian login: ',
  'Password: \r\nLogin incorrect\r\nlogin: ',
  '\x1b]0;title\x07root@dut:~# \x1b[6n',
  '\x1bPdcs\x1b\\\x0e\x0f\x1b[?2004h$ ',
  '--More--(12%)\r\n(END)',
  'x€ä\xff\r\n[    1.234567] eth0: up\n# ',
];
const output = inPieces(brokenBytes(...screen.map((text) => Buffer.from(text, 'latin1'))));

const turned = Buffer.from('\u202egnp.exe\u2028');

fuzz(
  'escape codes are found the same in whatever pieces they arrive',
  [output],
  ({ whole, pieces }) => {
    const [one, other] = [new ByteQueue(1e6), new ByteQueue(1e6)];
    one.append(whole);
    for (const piece of pieces) other.append(piece);
    expect(other.plain(0).bytes).toEqual(one.plain(0).bytes);
    expect(other.certainTo).toBe(one.certainTo);
    expect(other.tailText()).toBe(one.tailText());
    expect(harmful.exec(one.tailText())).toBeNull();
  },
  { examples: [[{ whole: turned, pieces: [turned] }]] },
);

fuzz('a queue of limited size holds the end of the output', [output, fc.nat(60)], ({ whole, pieces }, limit) => {
  const queue = new ByteQueue(limit);
  for (const piece of pieces) queue.append(piece);
  expect(Buffer.from(queue.view(0))).toEqual(whole.subarray(Math.max(0, whole.length - limit)));
  expect(queue.consume(queue.end)).toBe(Math.max(0, whole.length - limit));
});

fuzz(
  'a text is found at the same place in whatever pieces the output arrives',
  [output],
  async ({ pieces }) => {
    const expected = await find(pieces.length > 0 ? [Buffer.concat(pieces)] : []);
    expect(await find(pieces)).toEqual(expected);
  },
  { runs: 60 },
);

async function find(pieces: readonly Buffer[]): Promise<unknown> {
  const { near, far } = connect();
  await using console = SerialConsole.open(near);
  for (const piece of pieces) if (piece.length > 0) far.write(piece);
  far.end();
  const { index, before, text } = await console.expect(['login: ', END], wait);
  return { index, before, text };
}

fuzz('a log-in survives any device, and ends when the console does', [output], async ({ pieces }) => {
  const { near, far } = connect();
  await using console = SerialConsole.open(near);
  far.resume();
  const login = { user: 'root', password: 'secret', settleMs: 0, nudgeMs: 0 };
  const done = allowingErrors(() => logIn(console, login, wait));
  for (const piece of pieces) if (piece.length > 0) far.write(piece);
  far.end();
  await done;
});

fuzz('a command survives any device, and ends when the console does', [output], async ({ pieces }) => {
  const { near, far } = connect();
  await using console = SerialConsole.open(near);
  far.resume();
  const shell = RemoteShell.attach(console, wait);
  const done = allowingErrors(() => shell.run('true', wait));
  for (const piece of pieces) if (piece.length > 0) far.write(piece);
  far.end();
  await done;
});

fuzz(
  'no output makes the search for a pager or for kernel messages hang',
  [
    fc.oneof(
      anyText,
      output.map(({ whole }) => whole.toString('latin1')),
    ),
  ],
  (text) => {
    const prompt = pagerPrompt(text, 20);
    expect(prompt === undefined || prompt !== '').toBe(true);
    const { output: rest, kernelMessages } = separateKernelMessages(text);
    expect(rest.length + kernelMessages.join('').length).toBeLessThanOrEqual(text.length);
  },
);
