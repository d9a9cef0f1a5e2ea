// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { expect } from 'vitest';
import type { JsonObject } from '../../../src/core/json-object.ts';
import { GuestClock } from '../../../src/qemu/clock.ts';
import { DiskIoError } from '../../../src/qemu/errors.ts';
import { parseMessage, type QmpMessage } from '../../../src/qemu/qmp-messages.ts';
import { QmpClient } from '../../../src/qemu/qmp.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';
import { allowingErrors, anyJson, anyText, brokenBytes, brokenJson, fuzz, inPieces } from '../../support/fuzz.ts';

const event = { event: 'STOP', data: { device: 'd' }, timestamp: { seconds: 1_700_000_000, microseconds: 123_456 } };
const message = fc.oneof(
  brokenJson(event),
  brokenJson({ return: { running: true }, id: 2 }),
  brokenJson({ error: { class: 'GenericError', desc: 'no' }, id: 2 }),
  brokenJson({ QMP: { version: { qemu: { micro: 13, minor: 0, major: 10 }, package: '' }, capabilities: ['oob'] } }),
  anyJson,
);

fuzz(
  'a line of QMP is parsed or refused, and its parts have the right types',
  [message],
  async (value) => {
    const parsed = await allowingErrors(() => parseMessage(JSON.stringify(value)));
    if (parsed?.kind === 'greeting') expect(typeof parsed.version).toBe('string');
    if (parsed?.kind === 'error') expect([typeof parsed.errorClass, typeof parsed.description]).toEqual(['string', 'string']);
    if (parsed?.kind !== 'event') return;
    expect(Number.isFinite(parsed.event.timeMs)).toBe(true);
    expect(new Date(parsed.event.timeMs).getTime()).not.toBeNaN(); // a time that JavaScript can represent
    expect(new DiskIoError('guest', parsed.event.data).message).not.toBe('');
  },
  {
    examples: [
      [{ event: 'STOP', timestamp: { seconds: 1_700_000_000, microseconds: ['\0'] } }],
      [{ event: 'STOP', timestamp: { seconds: 1e308, microseconds: 0 } }],
      [{ event: 'BLOCK_IO_ERROR', data: { operation: { toString: 1 } } }],
    ],
  },
);

fuzz('bytes that are not QMP are refused', [brokenBytes(JSON.stringify(event), '{"return": {}, "id": 1}')], async (bytes) => {
  await allowingErrors(() => parseMessage(bytes.toString()));
});

fuzz(
  'an event that QEMU writes is read as it is',
  [anyText, fc.dictionary(fc.string(), anyJson), fc.nat(), fc.nat(999_999)],
  (name, data, seconds, microseconds) => {
    const written = JSON.stringify({ event: name, data, timestamp: { seconds, microseconds } });
    expect(parseMessage(written)).toEqual({
      kind: 'event',
      event: {
        event: name,
        data: (JSON.parse(written) as { data: JsonObject }).data,
        timeMs: seconds * 1000 + microseconds / 1000,
      },
    } satisfies QmpMessage);
  },
);

const conversation = fc
  .array(
    fc.oneof(
      message.map((value) => `${JSON.stringify(value)}\r\n`),
      brokenBytes(JSON.stringify(event)).map(String),
    ),
    {
      maxLength: 6,
    },
  )
  .map((lines) => Buffer.from(lines.join('')));

fuzz(
  'a client survives any conversation, and the pieces in which it arrives do not matter',
  [inPieces(conversation)],
  async ({ whole, pieces }) => {
    expect(await outcomeOf(pieces)).toEqual(await outcomeOf([whole]));
  },
);

/** What a client makes of bytes that come after the greeting and while a command waits for its answer. */
async function outcomeOf(pieces: readonly Buffer[]): Promise<unknown> {
  const qemu = new FakeQemu();
  const qmp = await QmpClient.open(qemu.stream, { timeoutMs: 20_000 });
  const events: string[] = [];
  qmp.onEvent((one) => events.push(one.event));
  const answer = qmp.execute('query-status').catch((error: unknown) => (error as { code?: unknown }).code ?? error);
  await qemu.next();
  for (const piece of pieces) qemu.raw(piece);
  qemu.end();
  const outcome = await answer;
  const closed = (await qmp.closed) as { code?: unknown } | undefined;
  return { outcome, events, closed: closed && (closed.code ?? closed) };
}

const timed = fc.record({ event: fc.constantFrom('STOP', 'RESUME', 'RTC_CHANGE'), data: fc.constant({}), timeMs: fc.nat() });

fuzz("a guest's clock gives a number for any order of events", [fc.array(timed), fc.nat()], (events, virtualMs) => {
  const clock = new GuestClock();
  for (const one of events) clock.take(one);
  expect(Number.isFinite(clock.wallMs(virtualMs))).toBe(true);
});
