// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import { UsageError } from '../../core/errors.ts';
import { markHandled } from '../../core/mark-handled.ts';
import { step } from '../../core/step.ts';
import { QmpTimeoutError, type QmpClient } from '../../qemu/index.ts';
import type { Guest } from '../guest.ts';
import { isCpuRunning } from '../reset-button.ts';

/**
 * Presses a guest's NMI button, and waits until its system has panicked. QEMU halts a guest that reports its panic;
 * this lets it run on, so that it can reboot by itself.
 * @throws UsageError when it does not panic in time
 */
export async function crash(name: string, qmp: QmpClient, guest: Pick<Guest, 'waitFor'>, wait: Wait): Promise<void> {
  await step('alpy.qemu', `Crash ${name}`, async () => {
    const refused = new AbortController();
    const signal = wait.signal ? AbortSignal.any([wait.signal, refused.signal]) : refused.signal;
    const panicked = guest.waitFor('panic', { ...wait, signal });
    markHandled(panicked); // awaited below
    try {
      await qmp.execute('inject-nmi');
    } catch (error) {
      refused.abort(error); // otherwise a panic would still count as expected
      throw error;
    }
    try {
      await panicked;
    } catch (cause) {
      if (!(cause instanceof QmpTimeoutError)) throw cause;
      throw new UsageError(
        `expected ${name} to panic within ${wait.timeoutMs / 1000} s after its NMI button was pressed, but it did not. Linux panics only after this command: sysctl -w kernel.unknown_nmi_panic=1`,
        { cause },
      );
    }
    if (!(await isCpuRunning(qmp))) await qmp.execute('cont');
  });
}
