// SPDX-License-Identifier: GPL-3.0-or-later
// Separate from open-vitest.ts, which loads Vitest.

/** How long the creation and tear-down of a testbed may take without the boot, in `ms`. */
export const setUpAllowanceMs = 180_000;
