// SPDX-License-Identifier: GPL-3.0-or-later

/** Escapes a value inside an option of QEMU. */
export function escapeCommas(text: string): string {
  return text.replaceAll(',', ',,');
}
