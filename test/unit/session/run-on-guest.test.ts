// SPDX-License-Identifier: GPL-3.0-or-later
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import type { ExecSpec } from '../../../src/docker/index.ts';
import type { OutputName } from '../../../src/session/call.ts';
import { runOnGuest } from '../../../src/session/run-on-guest.ts';

/** Bytes that are no text. */
const bytes = Buffer.from([0xff, 0x00, 0xc3]);

async function run(droppedBytes: number, input?: Readable) {
  const specs: ExecSpec[] = [];
  const written: [OutputName, string][] = [];
  const guest = {
    exec: (spec: ExecSpec) => {
      specs.push(spec);
      return Promise.resolve({ exitStatus: exitStatusOf(3), stdout: bytes, stderr: Buffer.from('no\n'), droppedBytes });
    },
  };
  const write = (output: OutputName, data: Buffer | string): Promise<void> => {
    written.push([output, Buffer.from(data).toString('latin1')]);
    return Promise.resolve();
  };
  const status = await runOnGuest(guest, ['cat'], input, { write, signal: new AbortController().signal });
  return { status, specs, written };
}

test('bytes pass to a program on a guest and back as they are', async () => {
  expect(await run(0, Readable.from([bytes, bytes]))).toEqual({
    status: 3,
    specs: [{ command: ['cat'], input: Buffer.concat([bytes, bytes]) }],
    written: [
      ['out', bytes.toString('latin1')],
      ['err', 'no\n'],
    ],
  });
});

test('a message says how many bytes of the output are missing', async () => {
  const { specs, written } = await run(7);
  expect(specs).toEqual([{ command: ['cat'] }]);
  expect(written.at(-1)).toEqual(['err', 'alpy: 7 bytes at the start of the output are missing: the last 16 MiB were kept\n']);
});
