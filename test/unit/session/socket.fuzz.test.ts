// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect } from 'vitest';
import { DeviceError } from '../../../src/core/errors.ts';
import { answererOf } from '../../../src/session/answer.ts';
import { callSocket } from '../../../src/session/index.ts';
import type { Session } from '../../../src/session/session.ts';
import { serveSocket } from '../../../src/session/socket.ts';
import { parseInput, parseReply, parseRequest } from '../../../src/session/wire.ts';
import { milliseconds, parseCommandLine } from '../../../src/session/commands/command.ts';
import { sessionCommands } from '../../../src/session/commands/index.ts';
import { allowingErrors, anyJson, anyText, brokenBytes, brokenJson, fuzz, inPieces } from '../../support/fuzz.ts';
import { harmful } from '../../support/hostile.ts';
import { FakeAnswerer } from './fake-answerer.ts';

const request = { args: ['cat', ''], hasInput: true, terminal: { type: 'xterm', size: { rows: 24, columns: 80 } } };
const messages = [{ input: 'YQ==' }, { resize: { rows: 1, columns: 2 } }, { inputEnd: true }];
const line = fc.oneof(
  brokenJson(request),
  ...messages.map(brokenJson),
  brokenJson({ out: 'YQ==' }),
  brokenJson({ exit: 3 }),
  anyJson,
);

fuzz(
  'a line of the protocol is read or refused',
  [line],
  async (value) => {
    const text = JSON.stringify(value);
    const call = await allowingErrors(() => parseRequest(text));
    expect(call?.args.every((word) => typeof word === 'string') ?? true).toBe(true);
    await allowingErrors(() => parseInput(text));
    await allowingErrors(() => parseReply(text));
  },
  { examples: [[{ args: [{ toString: 1 }] }], [{ resize: null }], [null]] },
);

const valid = [request, ...messages].map((one) => `${JSON.stringify(one)}\n`).join('');
const sent = fc.oneof(
  brokenBytes(valid),
  fc.array(line, { maxLength: 4 }).map((lines) => Buffer.from(lines.map((one) => `${JSON.stringify(one)}\n`).join(''))),
);

fuzz(
  'a server survives any caller, and answers the next one',
  [inPieces(sent), anyText],
  async ({ pieces }, text) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const path = join(folder.path, 's');
    const fake = new FakeAnswerer();
    await using _ = await serveSocket(path, (call) => (call.args[0] === 'cat' ? fake.answer(call) : Promise.resolve(0)));
    const socket = createConnection(path);
    socket.on('error', () => undefined);
    socket.resume();
    for (const piece of pieces) socket.write(piece);
    socket.end();
    await new Promise((resolve) => socket.once('close', resolve));
    const out: Buffer[] = [];
    const status = await callSocket(path, {
      args: ['cat', ''],
      input: Readable.from([Buffer.from(text), Buffer.from('.')]),
      stdout: (data) => out.push(data),
      stderr: () => undefined,
      signal: new AbortController().signal,
    });
    expect({ status, out: Buffer.concat(out) }).toEqual({ status: 0, out: Buffer.from(`${text.toWellFormed()}.`) });
  },
  { runs: 40 },
);

const replies = [{ out: 'YQ==' }, { err: 'Yg==' }, { exit: 3 }].map((one) => `${JSON.stringify(one)}\n`).join('');

fuzz(
  'a caller survives any server',
  [inPieces(brokenBytes(replies))],
  async ({ pieces }) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-fuzz-'));
    const path = join(folder.path, 's');
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      for (const piece of pieces) socket.write(piece);
      socket.end();
    }).listen(path);
    await once(server, 'listening');
    const ignore = (): undefined => undefined;
    await allowingErrors(() =>
      callSocket(path, { args: [], stdout: ignore, stderr: ignore, signal: new AbortController().signal }),
    );
    server.close();
  },
  { runs: 40, examples: [[{ whole: Buffer.from('null\n'), pieces: [Buffer.from('null\n')] }]] },
);

const word = fc.oneof(
  anyText,
  fc.constantFrom('--', '-i', '-', '--seconds', '--seconds=1', '--field', '-f', '--count=1e999', 'node0', '--__proto__'),
);

fuzz(
  'any arguments of a session command are read or refused',
  [fc.constantFrom(...sessionCommands), fc.array(word, { maxLength: 6 })],
  async (command, args) => {
    const parsed = await allowingErrors(() => parseCommandLine(command, args));
    if (!parsed) return;
    for (const text of [...parsed.positionals, ...parsed.rest]) expect(typeof text).toBe('string');
    for (const name of Object.keys(command.options ?? {})) await allowingErrors(() => milliseconds(parsed, name));
    if (command.startsCommand && args[0] === '--') expect(parsed.rest).toEqual(args.slice(1)); // what follows is never an option
  },
);

/** What a session prints for a call, by output. */
async function printedBy(
  session: unknown,
  args: readonly string[],
  others?: () => Promise<number>,
): Promise<{ out: string; err: string; status: number }> {
  const printed = { out: '', err: '' };
  const write = (output: 'out' | 'err', data: Buffer | string): Promise<void> => {
    printed[output] += data.toString();
    return Promise.resolve();
  };
  const status = await answererOf(session as Session, others)({ args, write, signal: new AbortController().signal });
  return { ...printed, status };
}

fuzz('a message about a failed command has no harmful character', [anyText, anyText], async (message, line) => {
  const error = new DeviceError(message, { details: [{ title: line, lines: [line] }] });
  const { err, status } = await printedBy({}, ['exec'], () => Promise.reject(error));
  expect(status).toBe(1);
  expect(harmful.exec(err)).toBeNull();
});

fuzz(
  'a frame is one line with its fields, without harmful characters',
  [anyText, anyText, anyText],
  async (protocol, info, field) => {
    const frame = { number: 1, timeMs: 0, lengthBytes: 60, protocol, info, fields: { 'dns.qry.name': field } };
    const link = { name: 'link0', capture: { frames: () => Promise.resolve([frame]) } };
    const { out } = await printedBy({ testbed: { links: [link] } }, ['capture', 'link0', '--field', 'dns.qry.name']);
    expect(out.split('\n')).toHaveLength(2);
    expect(out.split('\t')).toHaveLength(6);
    expect(harmful.exec(out)).toBeNull();
  },
);
