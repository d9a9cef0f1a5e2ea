// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../../src/images/engine-events.ts';
import { awaitTransfer, type Transfer } from '../../../src/images/transfer.ts';

function transferOf(stream: PassThrough, events: EngineEvent[] = []): Transfer {
  return {
    stallMs: 60_000,
    start: (signal) => {
      signal.addEventListener('abort', () => stream.destroy(signal.reason as Error));
      return Promise.resolve(stream);
    },
    onEvent: (event) => events.push(event),
    failure: (reason, options) => new Error(`could not transfer: ${reason}`, options),
  };
}

test('a transfer passes its events on and ends with the stream', async () => {
  const stream = new PassThrough();
  const events: EngineEvent[] = [];
  stream.end('{"status":"Pulling"}\n{"status":"Done","id":"abc"}\n');
  await awaitTransfer(transferOf(stream, events));
  expect(events).toEqual([{ status: 'Pulling' }, { status: 'Done', id: 'abc' }]);
});

test('a transfer that the daemon reports as failed throws what it reported', async () => {
  const stream = new PassThrough();
  stream.write('{"error":"manifest unknown"}\n');
  await expect(awaitTransfer(transferOf(stream))).rejects.toThrow('could not transfer: manifest unknown');
  expect(stream.destroyed).toBe(true);
});

test('a transfer that falls silent is ended', async () => {
  const stream = new PassThrough();
  stream.write('{"status":"Pulling"}\n');
  await expect(awaitTransfer({ ...transferOf(stream), stallMs: 50 })).rejects.toThrow(
    'could not transfer: nothing happened for 0.05 s',
  );
  expect(stream.destroyed).toBe(true);
});

test('a transfer that the caller ends throws the reason of the signal', async () => {
  const stop = new AbortController();
  const running = awaitTransfer({ ...transferOf(new PassThrough()), signal: stop.signal });
  stop.abort(new Error('stopped by SIGINT'));
  await expect(running).rejects.toThrow(/^stopped by SIGINT$/);
});
