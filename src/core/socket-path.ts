// SPDX-License-Identifier: GPL-3.0-or-later

/** Longest path that a socket can have, in `bytes` (`sun_path` of unix(7), without its NUL). */
export const longestSocketPath = 107;
