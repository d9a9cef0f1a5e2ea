// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';

/** A worker sends this among Vitest's messages when its tests can be cancelled. */
export const readyMessage = { alpy: 'ready' } as const;

/** A worker sends this when it has ended everything that it started, and will request no further container. */
export const closedMessage = { alpy: 'closed' } as const;

/** Whether a message of a worker is {@link readyMessage}. */
export function isReady(message: unknown): boolean {
  return isMessage(message, readyMessage);
}

/** Whether a message of a worker is {@link closedMessage}. */
export function isClosed(message: unknown): boolean {
  return isMessage(message, closedMessage);
}

function isMessage(message: unknown, expected: { readonly alpy: string }): boolean {
  return isJsonObject(message) && message['alpy'] === expected.alpy;
}
