// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { isJsonObject } from '../core/json-object.ts';
import { step } from '../core/step.ts';
import { waitForQuiet, type SerialConsole } from '../console/index.ts';
import type { QmpClient } from '../qemu/index.ts';

/** For how long the console of a halted guest must be silent before all of its output counts as received, in `ms`. */
const drainMs = 50;

/** Whether the virtual CPU runs. @throws QmpClosedError when QEMU has ended */
export async function isCpuRunning(qmp: Pick<QmpClient, 'execute'>): Promise<boolean> {
  const status = await qmp.execute('query-status');
  return isJsonObject(status) && status['running'] === true;
}

/**
 * Resets a guest and discards its earlier output. The CPU is stopped meanwhile, so that output from before the reset cannot be
 * mistaken for that of the new boot. A halted guest stays halted.
 * @throws QmpError, QmpTimeoutError, QmpClosedError
 */
export async function pressReset(name: string, qmp: QmpClient, console: SerialConsole, wait: Wait): Promise<void> {
  await step('alpy.qemu', `Reset ${name}`, async () => {
    const isRunning = await isCpuRunning(qmp);
    if (isRunning) await qmp.execute('stop');
    await waitForQuiet(console, drainMs, AbortSignal.timeout(wait.timeoutMs)); // earlier output may still be on its way
    console.discard();
    await Promise.all([qmp.waitForEvent('RESET', { ...wait, awaited: `${name} to be reset` }), qmp.execute('system_reset')]);
    if (isRunning) await qmp.execute('cont');
  });
}
