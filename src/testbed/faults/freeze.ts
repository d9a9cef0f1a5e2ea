// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../../core/step.ts';
import type { QmpClient } from '../../qemu/index.ts';
import { isCpuRunning } from '../reset-button.ts';

/** Halts a guest until the result is disposed. One that was halted before stays so. @throws QmpError when QEMU refuses */
export async function freeze(name: string, qmp: Pick<QmpClient, 'execute' | 'isClosed'>): Promise<AsyncDisposable> {
  const wasRunning = await isCpuRunning(qmp);
  await step('alpy.qemu', `Freeze ${name}`, () => qmp.execute('stop'));
  return {
    [Symbol.asyncDispose]: async () => {
      if (wasRunning && !qmp.isClosed) await step('alpy.qemu', `Thaw ${name}`, () => qmp.execute('cont'));
    },
  };
}
