// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Tells Node that a rejection of `promise` will be dealt with later, so that it does not end the process as unhandled. Say in a
 * comment who awaits the promise, or why its failure does not matter.
 */
export function markHandled(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
