// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import type { FilterPlace, NicQueue } from '../../qemu/index.ts';
import type { LinkEnd, NicOfDevice } from '../link-end.ts';

/** Names of an end. The first is shown: `left`, `left:1`. */
type EndNames = readonly [string, ...string[]];

/** A place of a link where its frames can be impaired: a NIC, or the tap of a node on a link without a device. */
export interface Crossing {
  /** whose frames the place receives: those of the NIC, or those that the node is to get */
  readonly nic: EndNames;
  /** where it sends them */
  readonly far: EndNames;
  /** identifier in QEMU of the NIC's backend, or of the tap */
  readonly netdev: string;
  readonly machine: FilterPlace;
}

/** A direction of a link by its name, and the same at the NIC. */
export interface Direction {
  /** `dut->node0` */
  readonly name: string;
  readonly queue: NicQueue;
}

/**
 * The places at which a link can be impaired: the first NIC of a cable, as its frames cross both; all NICs of a segment; the second node of a
 * link between nodes; all nodes of a segment without a NIC. Pure.
 */
export function crossingsOf(link: string, ends: readonly LinkEnd[]): readonly Crossing[] {
  const nics = ends.filter((end) => end.kind === 'nic');
  const isCable = ends.length === 2;
  if (nics.length === 0) return tapCrossings(link, ends);
  return (isCable ? nics.slice(0, 1) : nics).map((nic) => {
    const [far] = isCable ? ends.filter((end) => end !== nic) : [];
    const { spec, machine } = nic;
    return { nic: nicNames(nic, nics), far: far ? endNames(far, nics) : [link], netdev: spec.netdev, machine };
  });
}

/** The tap of a node is to what is behind it as the backend of a NIC is to the NIC. */
function tapCrossings(link: string, ends: readonly LinkEnd[]): readonly Crossing[] {
  const [first, second, ...others] = ends;
  const isCable = second !== undefined && others.length === 0;
  return (isCable ? [second] : ends).flatMap((end) => {
    if (end.kind === 'nic' || !end.port) return [];
    return [{ nic: [isCable && first ? first.name : link], far: [end.name], ...end.port }];
  });
}

function endNames(end: LinkEnd, nics: readonly NicOfDevice[]): EndNames {
  return end.kind === 'nic' ? nicNames(end, nics) : [end.name];
}

/** A device's name says which NIC is meant, unless several of its NICs are on the link. */
function nicNames({ dut, name }: NicOfDevice, nics: readonly NicOfDevice[]): EndNames {
  return nics.filter((nic) => nic.dut === dut).length === 1 ? [dut, name] : [name];
}

/**
 * Chooses the NIC and the directions that an impairment is about. Pure.
 * @param direction - `both`, or the name of a direction
 * @throws UsageError if the link has no such direction, or `both` could mean several NICs
 */
export function chooseDirections<Place extends Pick<Crossing, 'nic' | 'far'>>(
  crossings: readonly Place[],
  direction: string,
): { readonly crossing: Place; readonly directions: readonly Direction[] } {
  const [only, ...others] = crossings;
  if (direction === 'both' && only && others.length === 0) return { crossing: only, directions: shown(only) };
  for (const crossing of crossings) {
    const found = named(crossing).find(({ name }) => name === direction);
    if (found) return { crossing, directions: [found] };
  }
  const names = [...(others.length === 0 ? ['both'] : []), ...crossings.flatMap((one) => shown(one).map(({ name }) => name))];
  throw new UsageError(
    `link.impair: expected direction to be one of ${names.map((name) => `"${name}"`).join(', ')}, got ${JSON.stringify(direction)}`,
  );
}

/** Both directions, by the names that are shown. */
function shown({ nic, far }: Pick<Crossing, 'nic' | 'far'>): readonly Direction[] {
  return named({ nic: [nic[0]], far: [far[0]] });
}

/** Both directions, by all names that they have. */
function named({ nic, far }: Pick<Crossing, 'nic' | 'far'>): readonly Direction[] {
  return nic.flatMap((near) =>
    far.flatMap((other): readonly Direction[] => [
      { name: `${near}->${other}`, queue: 'rx' },
      { name: `${other}->${near}`, queue: 'tx' },
    ]),
  );
}
