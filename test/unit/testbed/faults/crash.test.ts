// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Wait } from '../../../../src/core/deadline.ts';
import type { QmpClient } from '../../../../src/qemu/index.ts';
import { crash } from '../../../../src/testbed/faults/crash.ts';

test('when QEMU refuses to press the NMI button, a panic is no longer expected', async () => {
  let signal: AbortSignal | undefined;
  const guest = {
    waitFor: (_ending: string, wait: Wait): Promise<void> => {
      ({ signal } = wait);
      return Promise.withResolvers<void>().promise;
    },
  };
  const refusal = new Error('QEMU refuses');
  const qmp = { execute: () => Promise.reject(refusal) } as unknown as QmpClient;
  await expect(crash('dut', qmp, guest, { timeoutMs: 10_000 })).rejects.toBe(refusal);
  expect(signal?.aborted).toBe(true);
});
