// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { isJsonObject, jsonText } from '../core/json-object.ts';
import { markHandled } from '../core/mark-handled.ts';
import type { QmpEvent } from './qmp-messages.ts';
import { QmpError } from './errors.ts';
import type { QmpClient } from './qmp.ts';
import { isAtLeast } from './version.ts';

/** Faster than any disk, in `bytes/s`. By default QEMU limits itself to the speed of a network. */
const noLimit = 2 ** 40;

/**
 * Saves the state of all devices. The memory is in its own file already. The guest must be stopped.
 * @param path - the file as QEMU sees it
 * @throws QmpError when a device cannot be saved
 * @throws QmpTimeoutError, QmpClosedError
 */
export async function saveState(qmp: QmpClient, path: string, wait: Wait): Promise<void> {
  await setUp(qmp, { 'max-bandwidth': noLimit }, wait);
  const isUriKnown = isAtLeast(qmp.version, fileUri);
  await migrate(qmp, 'migrate', isUriKnown ? `file:${path}` : `exec:cat > '${path}'`, wait);
}

/**
 * Loads the state of all devices. The guest is then stopped where it was saved.
 * @param path - the file as QEMU sees it
 * @throws QmpClosedError when QEMU cannot load it: QEMU then exits and prints why on its standard error
 * @throws QmpError, QmpTimeoutError
 */
export async function loadState(qmp: QmpClient, path: string, wait: Wait): Promise<void> {
  // no announcement: alpy must not add frames to a link
  await setUp(qmp, { 'announce-rounds': 0 }, wait);
  const isUriKnown = isAtLeast(qmp.version, fileUri);
  await migrate(qmp, 'migrate-incoming', isUriKnown ? `file:${path}` : `exec:cat '${path}'`, wait);
}

/** The first version of QEMU that can migrate to a file without a shell, and map a read-only file copy-on-write. */
export const fileUri = '8.2';

async function setUp(qmp: QmpClient, parameters: Readonly<Record<string, number>>, wait: Wait): Promise<void> {
  // x-ignore-shared: the memory stays in its file; a restored guest copies a page when it writes to it
  const capabilities = ['events', 'x-ignore-shared'].map((capability) => ({ capability, state: true }));
  await qmp.execute('migrate-set-capabilities', { capabilities }, wait);
  await qmp.execute('migrate-set-parameters', parameters, wait);
}

async function migrate(qmp: QmpClient, command: 'migrate' | 'migrate-incoming', uri: string, wait: Wait): Promise<void> {
  const hasEnded = ({ event, data }: QmpEvent): boolean =>
    event === 'MIGRATION' && (data['status'] === 'completed' || data['status'] === 'failed');
  const ended = qmp.waitForEvent(hasEnded, { ...wait, awaited: `the end of ${command}`, fault: 'environment' });
  markHandled(ended); // awaited below, unless QEMU refuses the command
  await qmp.execute(command, { uri }, wait);
  const { data } = await ended;
  if (data['status'] === 'failed') throw new QmpError(command, 'GenericError', await reasonOf(qmp));
}

async function reasonOf(qmp: QmpClient): Promise<string> {
  const status = await qmp.execute('query-migrate');
  return isJsonObject(status) && 'error-desc' in status ? jsonText(status['error-desc']) : 'QEMU gave no reason';
}
