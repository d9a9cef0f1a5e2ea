// SPDX-License-Identifier: GPL-3.0-or-later

/** The largest MTU of a tap and of an end of a veth pair, in `bytes`, so that jumbo frames pass. */
export const [tapMtu, portMtu] = [65_521, 65_535];

/** Creates a tap that a user may open. A command of ip(8). Pure. @param user - its number */
export function createTap(name: string, user: number): string {
  return `tuntap add dev ${name} mode tap user ${user}`;
}

/**
 * How many frames a tap keeps for a QEMU that gets no processor; it drops more. Measured on 2026-11-28 (Linux 6.18, QEMU 10.0, two
 * processors), three times each, idle and busy: of 5000 frames of 1514 bytes that a node sends as fast as it can, 1728 to 4000 were lost
 * with the kernel's default of 1000, up to 552 with 4096, and none with this. Of 20,000 frames of 64 bytes through a cable, up to 5343
 * were lost with 1000, up to 4326 with 4096, and none with this.
 */
const tapFrames = 10_000;

/** Lets a tap keep frames until QEMU reads them. A command of ip(8). Pure. */
export function lengthenQueue(name: string): string {
  return `link set ${name} txqueuelen ${tapFrames}`;
}

/** Turns an interface on that only passes frames on. It has no address, so that the kernel sends nothing. A command of ip(8). Pure. */
export function turnOn(name: string, mtu: number): string {
  return `link set ${name} mtu ${mtu} addrgenmode none up`;
}

/** A shell command for frames like those on a wire: with checksums, and no longer than the MTU. Pure. */
export function turnOffOffloads(name: string): string {
  return `ethtool -K ${name} tx off sg off tso off gso off gro off`;
}
