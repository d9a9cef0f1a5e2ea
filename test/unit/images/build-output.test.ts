// SPDX-License-Identifier: GPL-3.0-or-later
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { followBuild, nextToTry } from '../../../src/images/build-output.ts';

/** The messages as the Engine sends them, cut at places where no message ends, and within a character. */
function wire(...messages: readonly object[]): Readable {
  const bytes = Buffer.from(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''));
  const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7));
  return Readable.from(chunks, { objectMode: false });
}

test('lines are assembled from chunks', async () => {
  const lines: string[] = [];
  const stream = wire(
    { stream: 'Step 1/1 : FROM a' },
    { stream: '\n' },
    { stream: 'größe…\n\n10%\r100%\n' },
    { stream: 'Successfully built 1\n' },
  );
  expect(await followBuild(stream, (line) => lines.push(line))).toEqual({ ok: true });
  expect(lines).toEqual(['Step 1/1 : FROM a', 'größe…', '100%', 'Successfully built 1']);
});

test('a failure has its step and the last 20 lines', async () => {
  const noise = Array.from({ length: 30 }, (_, index) => ({ stream: `line ${index}\n` }));
  const outcome = await followBuild(
    wire({ stream: 'Step 1/2 : FROM a\n' }, { stream: 'Step 2/2 : RUN false\n' }, ...noise, {
      error: 'returned a non-zero code: 1',
    }),
    () => undefined,
  );
  const lastLines = noise.slice(10).map(({ stream }) => stream.trimEnd());
  expect(outcome).toEqual({ ok: false, step: '2/2 : RUN false', reason: 'returned a non-zero code: 1', lastLines });
});

test('a build is not successful if the daemon dies during it', async () => {
  expect(await followBuild(wire({ stream: 'Step 1/2 : FROM a\n' }), () => undefined)).toMatchObject({
    ok: false,
    reason: 'the daemon stopped sending output before the build was done',
  });
});

test('if the mirror is unreachable, the advice is about the network', () => {
  expect(
    nextToTry(["E: Failed to fetch http://deb.debian.org/… Temporary failure resolving 'deb.debian.org'"], 'by hand'),
  ).toMatch(/http_proxy/);
  expect(nextToTry(['make: *** [all] Error 1'], 'by hand')).toBe('by hand');
});
