// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import type { FilterPlace, NicQueue } from '../../qemu/index.ts';
import type { JoinedEnds, LinkEnd, NicOfDevice } from '../link-end.ts';

/** Names of an end. The first is shown: `left`, `left:1`. */
type EndNames = readonly [string, ...string[]];

/** A place of a link where its frames can be impaired: a NIC, or the tap of a node on a link without a device. */
export interface Crossing {
  /** the end whose frames arrive at the place from inside QEMU: the NIC, or on a link without a device, the other node or the link itself */
  readonly near: EndNames;
  /** the end to which the place sends them */
  readonly far: EndNames;
  /** identifier in QEMU of the NIC's backend, or of the tap */
  readonly netdev: string;
  readonly machine: FilterPlace;
  /** name of the segment, if these are its only ends: each of them sends to it and gets from it, too */
  readonly hub?: string;
}

/** The names that directions are made of. */
type Named = Pick<Crossing, 'near' | 'far' | 'hub'>;

/** A direction of a link by its name, and the same at the place where it is impaired. */
export interface Direction {
  /** `dut->node0` */
  readonly name: string;
  readonly queue: NicQueue;
}

/**
 * The places at which a link can be impaired. If it has two ends: its first NIC, as all frames cross it, or without a NIC, the tap of one
 * node. If it has more: all its NICs, or without a NIC, the taps of all nodes. Pure.
 */
export function crossingsOf({ name, ends, isSegment }: JoinedEnds): readonly Crossing[] {
  const nics = ends.filter((end) => end.kind === 'nic');
  const hasTwoEnds = ends.length === 2;
  const hub = hasTwoEnds && isSegment ? { hub: name } : {};
  if (nics.length === 0) return tapCrossings(name, ends).map((crossing) => ({ ...crossing, ...hub }));
  return (hasTwoEnds ? nics.slice(0, 1) : nics).map((nic) => {
    const [far] = hasTwoEnds ? ends.filter((end) => end !== nic) : [];
    const { spec, machine } = nic;
    return { near: nicNames(nic, nics), far: far ? endNames(far, nics) : [name], netdev: spec.netdev, machine, ...hub };
  });
}

/** On a link without a device, the tap of a node takes the place of a NIC's backend: the node is the far end. */
function tapCrossings(link: string, ends: readonly LinkEnd[]): readonly Crossing[] {
  const crossings = ends.flatMap((end) => {
    if (end.kind === 'nic' || !end.port) return [];
    const { netdev, machine, isUplink } = end.port;
    const [other] = ends.length === 2 ? ends.filter((one) => one !== end) : [];
    return [{ isUplink, crossing: { near: [other?.name ?? link], far: [end.name], netdev, machine } as const }];
  });
  // the frames of an uplink's router do not cross the tap of the node that declares it
  const last = crossings.findLast(({ isUplink }) => !isUplink);
  return (ends.length === 2 && last ? [last] : crossings).map(({ crossing }) => crossing);
}

function endNames(end: LinkEnd, nics: readonly NicOfDevice[]): EndNames {
  return end.kind === 'nic' ? nicNames(end, nics) : [end.name];
}

/** A device's name says which NIC is meant, unless several of its NICs are on the link. */
function nicNames({ dut, name }: NicOfDevice, nics: readonly NicOfDevice[]): EndNames {
  return nics.filter((nic) => nic.dut === dut).length === 1 ? [dut, name] : [name];
}

/**
 * Chooses the place and the directions that an impairment is about. Pure.
 * @param direction - `both`, or the name of a direction
 * @throws UsageError if the link has no such direction, or `both` could mean several places
 */
export function chooseDirections<Place extends Named>(
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
function shown({ near, far }: Named): readonly Direction[] {
  return named({ near: [near[0]], far: [far[0]] });
}

/** Both directions, by all names that they have. */
function named({ near, far, hub }: Named): readonly Direction[] {
  const ends = near.flatMap((one) => far.map((other) => [one, other] as const));
  const withHub =
    hub === undefined ? [] : [...near.map((one) => [one, hub] as const), ...far.map((other) => [hub, other] as const)];
  return [...ends, ...withHub].flatMap(([one, other]): readonly Direction[] => [
    { name: `${one}->${other}`, queue: 'rx' },
    { name: `${other}->${one}`, queue: 'tx' },
  ]);
}
