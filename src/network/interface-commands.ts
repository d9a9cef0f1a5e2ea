// SPDX-License-Identifier: GPL-3.0-or-later

/** The largest MTU of a tap and of an end of a veth pair, in `bytes`, so that jumbo frames pass. */
export const [tapMtu, portMtu] = [65_521, 65_535];

/** Creates a tap that a user may open. A command of ip(8). Pure. @param user - its number */
export function createTap(name: string, user: number): string {
  return `tuntap add dev ${name} mode tap user ${user}`;
}

/** Turns an interface on that only passes frames on. It has no address, so that the kernel sends nothing. A command of ip(8). Pure. */
export function turnOn(name: string, mtu: number): string {
  return `link set ${name} mtu ${mtu} addrgenmode none up`;
}

/** A shell command for frames like those on a wire: with checksums, and no longer than the MTU. Pure. */
export function turnOffOffloads(name: string): string {
  return `ethtool -K ${name} tx off sg off tso off gso off gro off`;
}
