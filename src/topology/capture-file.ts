// SPDX-License-Identifier: GPL-3.0-or-later

/** The name of the pcap file of a link or segment: safe on every file system, so a dot instead of a colon. Pure. */
export function captureFile(name: string): string {
  return `${name.replaceAll(':', '.')}.pcap`;
}
