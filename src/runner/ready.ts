// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';

/** A worker sends this among Vitest's messages when its tests can be cancelled. */
export const readyMessage = { alpy: 'ready' } as const;

/** Whether a message of a worker is {@link readyMessage}. */
export function isReady(message: unknown): boolean {
  return isJsonObject(message) && message['alpy'] === readyMessage.alpy;
}
