// SPDX-License-Identifier: GPL-3.0-or-later
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { drained } from '../../../src/capture/drained.ts';

/** A full stream, and what makes it take more. */
function full(): { readonly stream: Writable; readonly take: () => void } {
  const took = Promise.withResolvers<void>();
  const write = (_chunk: Buffer, _encoding: string, done: () => void): void => {
    void took.promise.then(done);
  };
  const stream = new Writable({ highWaterMark: 1, write });
  stream.on('error', () => undefined);
  stream.write('text');
  return { stream, take: took.resolve };
}

test('waits until the stream can take more, and leaves no listener', async () => {
  const { stream, take } = full();
  const before = stream.eventNames().length;
  const waiting = drained(stream);
  take();
  await waiting;
  expect(stream.writableNeedDrain).toBe(false);
  expect(stream.eventNames()).toHaveLength(before);
});

test.each([new Error('read ECONNRESET'), undefined])(
  'a stream that is destroyed with %s ends the wait without an error',
  async (error) => {
    const { stream } = full();
    const waiting = drained(stream);
    stream.destroy(error);
    await expect(waiting).resolves.toBeUndefined();
    await expect(drained(stream)).resolves.toBeUndefined();
  },
);
