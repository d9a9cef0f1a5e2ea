// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { isJsonObject } from '../core/json-object.ts';
import { step } from '../core/step.ts';
import { waitForQuiet, type SerialConsole } from '../console/index.ts';
import type { QmpClient } from '../qemu/index.ts';

/** For how long a halted guest has to be silent until all that it had sent has come, in `ms`. */
const drainMs = 50;

/** Whether the virtual CPU runs. @throws QmpClosedError when QEMU has ended */
export async function isCpuRunning(qmp: QmpClient): Promise<boolean> {
  const status = await qmp.execute('query-status');
  return isJsonObject(status) && status['running'] === true;
}

/**
 * Resets a guest and discards what it had printed. The CPU stands meanwhile, so that output from before the reset can be told
 * from that of the new boot. A guest that was halted stays so.
 * @throws QmpError, QmpTimeoutError, QmpClosedError
 */
export async function pressReset(name: string, qmp: QmpClient, console: SerialConsole, wait: Wait): Promise<void> {
  await step('alpy.qemu', `Reset ${name}`, async () => {
    const isRunning = await isCpuRunning(qmp);
    if (isRunning) await qmp.execute('stop');
    await waitForQuiet(console, drainMs, AbortSignal.timeout(wait.timeoutMs)); // what it sent before may be on its way
    console.discard();
    await Promise.all([qmp.waitForEvent('RESET', { ...wait, awaited: `${name} to be reset` }), qmp.execute('system_reset')]);
    if (isRunning) await qmp.execute('cont');
  });
}
