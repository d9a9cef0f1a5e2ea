// SPDX-License-Identifier: GPL-3.0-or-later

/** The moment of a fault has passed: what it should hit has ended. */
export class MissedError extends Error {}
