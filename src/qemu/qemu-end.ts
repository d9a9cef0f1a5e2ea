// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline } from '../core/deadline.ts';
import { QmpTimeoutError } from './errors.ts';
import type { QmpClient } from './qmp.ts';

/** How long QEMU may take to end when it is killed, in `ms`: the kernel has to free the guest's memory. */
const timeoutMs = 20_000;

/**
 * Waits until QEMU has ended; the owner of its container kills it. May be called again.
 * @throws QmpTimeoutError if it has not ended within 20 s
 */
export async function waitForEnd(qmp: QmpClient): Promise<void> {
  await withDeadline(
    { timeoutMs },
    (cause) => new QmpTimeoutError('its end', timeoutMs, 'environment', { cause }),
    () => qmp.closed,
  );
  qmp.close();
}
