// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Prevents a rejection of `promise` from ending the process as unhandled. Say in a comment who awaits the promise, or why its
 * failure does not matter.
 */
export function markHandled(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
