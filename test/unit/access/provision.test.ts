// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test, vi } from 'vitest';
import { provision } from '../../../src/access/serial-shell/provision.ts';
import { countDown } from '../../../src/core/deadline.ts';
import { ConsoleTimeoutError } from '../../../src/console/index.ts';

test('all provision commands share the time that is left for the boot', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const limits: number[] = [];
    const shell = {
      run: (command: string, { timeoutMs = Infinity } = {}) => {
        limits.push(timeoutMs);
        vi.advanceTimersByTime(Math.min(50_000, timeoutMs));
        if (timeoutMs < 50_000) throw new ConsoleTimeoutError('console', `the end of command "${command}"`, timeoutMs, '');
        return Promise.resolve({ exitStatus: 0, output: '', kernelMessages: [] });
      },
    };
    const run = provision(shell, ['one', 'two', 'three', 'never'], countDown({ timeoutMs: 120_000 }), 120_000);
    await expect(run).rejects.toMatchObject({
      fault: 'environment',
      message: expect.stringMatching(
        /^appliance\.provision did not end within appliance\.bootTimeoutMs \(2 min .*the end of command "three"/,
      ) as string,
    });
    expect(limits).toEqual([120_000, 70_000, 20_000]);
  } finally {
    vi.useRealTimers();
  }
});
