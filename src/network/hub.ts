// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * The commands of tc(8) that make a hub: each frame goes to all other ends as it is, and to nothing else. A bridge would drop frames to
 * the addresses of LACP and others. Pure.
 * @param ends - interfaces in the lifeline's namespace
 */
export function hubCommands(ends: readonly string[]): readonly string[] {
  return ends.flatMap((end) => {
    const others = ends.filter((other) => other !== end);
    return others.length === 0 ? [] : passAll(end, others);
  });
}

/** The commands of tc(8) that pass each frame from an interface on to others as it is, and to nothing else. Pure. */
export function passAll(from: string, to: readonly string[]): readonly string[] {
  const actions = to.map((other, index) => `action mirred egress ${index < to.length - 1 ? 'mirror' : 'redirect'} dev ${other}`);
  // the offset lies in the header of the frame, which even the shortest frame has
  const match = 'protocol all u32 match u32 0 0 at -12';
  return [`qdisc add dev ${from} ingress`, `filter add dev ${from} parent ffff: ${match} ${actions.join(' ')}`];
}
