// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';

/** What a worker sends as soon as its tests can be cancelled: an object of its own among Vitest's messages. */
export const readyMessage = { alpy: 'ready' } as const;

/** Whether a message of a worker is {@link readyMessage}. */
export function isReady(message: unknown): boolean {
  return isJsonObject(message) && 'alpy' in message;
}
