// SPDX-License-Identifier: GPL-3.0-or-later
// Loads little: workers need it before all else.
import { SnapshotStore } from '../snapshot/store.ts';
import type { Appliance } from './dut-parts.ts';

/** Where snapshots are kept, or the reason why there are none. Plain data. */
export type SnapshotPlace = { readonly directory: string; readonly maxBytes: number } | string;

/**
 * The store for snapshots of an appliance.
 * @returns the reason if there can be none
 */
export function storeFor(place: SnapshotPlace | undefined, { login }: Pick<Appliance, 'login'>): SnapshotStore | string {
  if (place === undefined) return 'no folder for snapshots is known';
  if (typeof place === 'string') return place;
  if (!login) return 'appliance.login is not configured, so alpy cannot tell when the guest is ready to be saved';
  return new SnapshotStore(place.directory, place.maxBytes);
}
