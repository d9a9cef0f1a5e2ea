// SPDX-License-Identifier: GPL-3.0-or-later

/** Longest path of a socket, in bytes (`sun_path` of unix(7) without the final NUL). */
export const longestSocketPath = 107;
