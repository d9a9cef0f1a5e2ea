// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * The user and group as whom QEMU runs. No account has this number: Debian reserves 65000 to 65533, and systemd's dynamic users
 * end before it. It is below 65536, so that it exists in user namespaces of the usual size.
 */
export const qemuUser = 65_525;

/** System calls that QEMU gives up, for its option `-sandbox`. Pure. @param spawn - whether it may start programs */
export function qemuSandbox(spawn: 'allow' | 'deny'): string {
  return `on,obsolete=deny,elevateprivileges=deny,spawn=${spawn},resourcecontrol=deny`;
}
