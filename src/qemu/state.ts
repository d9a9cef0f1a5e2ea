// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { isJsonObject } from '../core/json-object.ts';
import { markHandled } from '../core/mark-handled.ts';
import type { QmpEvent } from './qmp-messages.ts';
import { QmpError } from './errors.ts';
import type { QmpClient } from './qmp.ts';
import { isAtLeast } from './version.ts';

/** More than any disk takes, in `bytes/s`; by default QEMU holds itself back to what a network takes. */
const noLimit = 2 ** 40;

/**
 * Saves the state of all devices to a file as QEMU sees it; the memory is in its file already. The guest must be stopped.
 * @throws QmpError when a device cannot be saved
 * @throws QmpTimeoutError, QmpClosedError
 */
export async function saveState(qmp: QmpClient, path: string, wait: Wait): Promise<void> {
  await setUp(qmp, { 'max-bandwidth': noLimit }, wait);
  const isUriKnown = isAtLeast(qmp.version, fileUri);
  await migrate(qmp, 'migrate', isUriKnown ? `file:${path}` : `exec:cat > '${path}'`, wait);
}

/**
 * Loads the state of all devices from a file as QEMU sees it; the guest then stands where it was saved.
 * @throws QmpClosedError when QEMU cannot load it: it ends, and has said why on its standard error
 * @throws QmpError, QmpTimeoutError
 */
export async function loadState(qmp: QmpClient, path: string, wait: Wait): Promise<void> {
  // no announcement: frames of the harness have no place on a link
  await setUp(qmp, { 'announce-rounds': 0 }, wait);
  const isUriKnown = isAtLeast(qmp.version, fileUri);
  await migrate(qmp, 'migrate-incoming', isUriKnown ? `file:${path}` : `exec:cat '${path}'`, wait);
}

/** The first version that migrates to a file by itself, and maps a read-only file copy-on-write. */
export const fileUri = '8.2';

async function setUp(qmp: QmpClient, parameters: Readonly<Record<string, number>>, wait: Wait): Promise<void> {
  // x-ignore-shared: the memory stays in its file, whose pages a restored guest copies when it writes them
  const capabilities = ['events', 'x-ignore-shared'].map((capability) => ({ capability, state: true }));
  await qmp.execute('migrate-set-capabilities', { capabilities }, wait);
  await qmp.execute('migrate-set-parameters', parameters, wait);
}

async function migrate(qmp: QmpClient, command: 'migrate' | 'migrate-incoming', uri: string, wait: Wait): Promise<void> {
  const hasEnded = ({ event, data }: QmpEvent): boolean =>
    event === 'MIGRATION' && (data['status'] === 'completed' || data['status'] === 'failed');
  const ended = qmp.waitForEvent(hasEnded, { ...wait, awaited: `the end of ${command}`, fault: 'environment' });
  markHandled(ended); // told below, unless the command itself is refused
  await qmp.execute(command, { uri }, wait);
  const { data } = await ended;
  if (data['status'] === 'failed') throw new QmpError(command, 'GenericError', await reasonOf(qmp));
}

async function reasonOf(qmp: QmpClient): Promise<string> {
  const status = await qmp.execute('query-migrate');
  return isJsonObject(status) && 'error-desc' in status ? String(status['error-desc']) : 'it gave no reason';
}
