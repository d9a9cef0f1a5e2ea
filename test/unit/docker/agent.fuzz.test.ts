// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import fc from 'fast-check';
import { expect } from 'vitest';
import { exitStatusOf, type ExitStatus } from '../../../src/core/exit-status.ts';
import { Agent } from '../../../src/docker/agent.ts';
import { ExitEvents } from '../../../src/docker/events.ts';
import type { Container } from '../../../src/docker/index.ts';
import { allowingErrors, brokenBytes, brokenJson, fuzz, inPieces } from '../../support/fuzz.ts';

const wait = { timeoutMs: 20_000 };
const many = 20_000; // more than the stack holds calls

const stdout = inPieces(brokenBytes('text\n\x000\n', '\x01' + '1 0\nä\x00' + '7\n', 'no end'));
const stderr = inPieces(brokenBytes('reason\0', '', '\0\0'));

fuzz(
  'an agent survives whatever its container prints, and its calls end when the container does',
  [stdout, stderr],
  async (out, err) => {
    const ended = Promise.withResolvers<ExitStatus>();
    const container = {
      name: 'node0',
      stdin: new PassThrough().resume(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      exited: ended.promise,
      kill: () => Promise.resolve(),
    };
    const agent = new Agent(container as unknown as Container);
    const calls = [
      allowingErrors(() => agent.run('true', wait)),
      allowingErrors(async () => (await agent.start('true', wait)).ended),
      allowingErrors(() => agent.runInBackground(['true'], wait)),
    ];
    for (const piece of err.pieces) if (piece.length > 0) container.stderr.write(piece);
    for (const piece of out.pieces) if (piece.length > 0) container.stdout.write(piece);
    await new Promise(setImmediate);
    ended.resolve(exitStatusOf(137));
    const [printed] = await Promise.all(calls);
    expect(['undefined', 'string']).toContain(typeof printed);
  },
  {
    examples: [
      [whole('\x000\n'.repeat(many)), whole('\0'.repeat(many))],
      [whole('x'.repeat(4_000_000), '\x01' + '1 0\n'.repeat(1), '\x011 0\n'.repeat(many)), whole('')],
    ],
  },
);

function whole(...texts: readonly string[]): { readonly whole: Buffer; readonly pieces: readonly Buffer[] } {
  const pieces = texts.map((text) => Buffer.from(text));
  return { whole: Buffer.concat(pieces), pieces };
}

const event = { Type: 'container', Action: 'die', Actor: { ID: 'a', Attributes: { exitCode: '1', execID: 'b' } } };
const lines = fc.oneof(
  fc
    .array(brokenJson(event), { maxLength: 3 })
    .map((events) => Buffer.from(events.map((one) => `${JSON.stringify(one)}\n`).join(''))),
  brokenBytes(`${JSON.stringify(event)}\n`),
);

fuzz(
  "any events of the daemon are read, and at their end every wait for a container's exit ends",
  [inPieces(lines)],
  async ({ pieces }) => {
    const stream = new PassThrough();
    const docker = { getEvents: () => Promise.resolve(stream) };
    using events = await ExitEvents.open(docker as unknown as Docker, 'x');
    const exits = ['a', 'b', '__proto__'].map((id) => allowingErrors(() => events.exitOf(id)));
    const removal = allowingErrors(() => events.removalOf('a'));
    for (const piece of pieces) if (piece.length > 0) stream.write(piece);
    stream.end();
    for (const status of await Promise.all(exits)) expect(['undefined', 'object']).toContain(typeof status);
    await removal;
  },
  {
    examples: [
      [whole('null\n')],
      [whole('{"Actor":null}\n')],
      [whole('{"Action":"die","Actor":{"ID":"a","Attributes":null}}\n')],
    ],
  },
);
