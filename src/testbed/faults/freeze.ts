// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../../core/step.ts';
import type { QmpClient } from '../../qemu/index.ts';
import { isCpuRunning } from '../reset-button.ts';
import type { PowerSupply } from './power-supply.ts';

/**
 * Halts a guest until the result is disposed. One that was halted before stays so, and one whose power was cut meanwhile, too.
 * @throws QmpError when QEMU refuses
 */
export async function freeze(
  name: string,
  qmp: Pick<QmpClient, 'execute' | 'isClosed'>,
  supply: Pick<PowerSupply, 'isOn'>,
): Promise<AsyncDisposable> {
  const wasRunning = await isCpuRunning(qmp);
  await step('alpy.qemu', `Freeze ${name}`, () => qmp.execute('stop'));
  return {
    [Symbol.asyncDispose]: async () => {
      if (wasRunning && supply.isOn && !qmp.isClosed) await step('alpy.qemu', `Thaw ${name}`, () => qmp.execute('cont'));
    },
  };
}
