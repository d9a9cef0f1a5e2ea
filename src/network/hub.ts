// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * The commands of tc(8) that make a hub: each frame goes to all other ends as it is, and to nothing else. A bridge would drop frames to
 * the addresses of LACP and others. Pure.
 * @param ends - interfaces in the lifeline's namespace
 */
export function hubCommands(ends: readonly string[]): readonly string[] {
  return ends.flatMap((end) => {
    const others = ends.filter((other) => other !== end);
    const actions = others.map(
      (other, index) => `action mirred egress ${index < others.length - 1 ? 'mirror' : 'redirect'} dev ${other}`,
    );
    // the offset lies in the header of the frame, which even the shortest frame has
    const match = 'protocol all u32 match u32 0 0 at -12';
    return others.length === 0
      ? []
      : [`qdisc add dev ${end} ingress`, `filter add dev ${end} parent ffff: ${match} ${actions.join(' ')}`];
  });
}
