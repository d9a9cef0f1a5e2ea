// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readLines } from '../../../src/core/lines.ts';

test('a stream that fails or is destroyed closes its lines and does not end the process', async () => {
  for (const reason of [new Error('aborted'), undefined]) {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    const read = readLines(stream);
    const line = once(read, 'line');
    stream.write('one\ntwo');
    expect(await line).toEqual(['one']);
    const closed = once(read, 'close');
    stream.destroy(reason);
    await closed;
  }
});
