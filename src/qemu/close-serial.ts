// SPDX-License-Identifier: GPL-3.0-or-later
import type { Writable } from 'node:stream';
import { QmpError } from './errors.ts';
import type { QmpClient } from './qmp.ts';

/**
 * Disconnects a guest's serial port, so that its stream ends after everything that the guest has sent.
 * @param stream - this end of its connection
 * @throws QmpClosedError, QmpTimeoutError
 */
export async function closeSerial(qmp: Pick<QmpClient, 'execute'>, stream: Pick<Writable, 'end'> | undefined): Promise<void> {
  try {
    await qmp.execute('chardev-change', { id: 'serial0', backend: { type: 'null', data: {} } });
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    stream?.end(); // the serial port of an ARM machine cannot be changed; QEMU closes the connection in answer to this
  }
}
