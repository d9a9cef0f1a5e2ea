// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { addWitness } from '../../../src/core/deadline.ts';
import { Capture } from '../../../src/capture/capture.ts';
import type { Decoder } from '../../../src/capture/decoder.ts';
import { DaemonError } from '../../../src/docker/index.ts';

/** A capture of three frames, of which none passes; each look at them lasts longer than the waits here. */
function captureWithout(): Capture {
  const frames = async (): ReturnType<Decoder['frames']> => {
    await sleep(20);
    return { frames: [], looked: 3 };
  };
  const source = { name: 'link0', container: {} as never, path: '', toWallClock: (timeMs: number) => timeMs };
  return new Capture({ ...source, file: '/missing.pcap', decoder: { frames } as unknown as Decoder }, '/missing.pcap');
}

test('a missing frame is an error of the device, with the number of frames that were looked at', async () => {
  await expect(captureWithout().waitFor('icmp', { timeoutMs: 1 })).rejects.toMatchObject({
    code: 'ALPY_FRAME_TIMEOUT',
    fault: 'device',
    looked: 3,
  });
});

test('a missing frame is an error of the environment while the daemon does not answer', async () => {
  const asked: number[] = [];
  const silence = new DaemonError('the daemon did not answer', 'docker version');
  const witness = addWitness((startMs) => {
    asked.push(startMs);
    return Promise.resolve(silence);
  });
  onTestFinished(() => {
    witness[Symbol.dispose]();
  });
  const startMs = performance.now();
  await expect(captureWithout().waitFor('icmp', { timeoutMs: 1 })).rejects.toBe(silence);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toBeGreaterThanOrEqual(startMs);
});
