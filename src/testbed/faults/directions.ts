// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import type { FilterPlace, NicQueue } from '../../qemu/index.ts';
import type { LinkEnd, NicOfDevice } from '../link-end.ts';

/** Names of an end. The first is shown: `left`, `left:1`. */
type EndNames = readonly [string, ...string[]];

/** A NIC of a link, where its frames can be impaired, and what is at the other end. */
export interface Crossing {
  readonly nic: EndNames;
  readonly far: EndNames;
  /** identifier of the NIC's backend in QEMU */
  readonly netdev: string;
  readonly machine: FilterPlace;
}

/** A direction of a link by its name, and the same at the NIC. */
export interface Direction {
  /** `dut->node0` */
  readonly name: string;
  readonly queue: NicQueue;
}

/** The NICs at which a link can be impaired: the first one of a cable, as its frames cross both; all of a segment. Pure. */
export function crossingsOf(link: string, ends: readonly LinkEnd[]): readonly Crossing[] {
  const nics = ends.filter((end) => end.kind === 'nic');
  const isCable = ends.length === 2;
  return (isCable ? nics.slice(0, 1) : nics).map((nic) => {
    const [far] = isCable ? ends.filter((end) => end !== nic) : [];
    const { spec, machine } = nic;
    return { nic: nicNames(nic, nics), far: far ? endNames(far, nics) : [link], netdev: spec.netdev, machine };
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
