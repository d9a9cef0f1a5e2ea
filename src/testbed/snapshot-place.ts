// SPDX-License-Identifier: GPL-3.0-or-later
// Loads little: workers need it before all else.
import { SnapshotStore } from '../snapshot/store.ts';
import type { Appliance } from './dut-parts.ts';

/** Where snapshots are kept, or why none are kept. Plain data. */
export type SnapshotPlace = { readonly directory: string; readonly maxBytes: number } | string;

/** Why there is no snapshot of an appliance without a log-in and conditions. */
export const unknownReadiness =
  'neither appliance.login nor appliance.ready is configured, so alpy cannot tell when the guest is ready to be saved';

type ReadinessKeys = Pick<Appliance, 'login' | 'ready'>;

/** Whether the configuration says when the appliance is ready. */
export function isReadinessKnown({ login, ready = [] }: ReadinessKeys): boolean {
  return login !== undefined || ready.length > 0;
}

/**
 * The store for snapshots of an appliance.
 * @returns the reason if there can be none
 */
export function storeFor(place: SnapshotPlace | undefined, appliance: ReadinessKeys): SnapshotStore | string {
  if (place === undefined) return 'no folder for snapshots is known';
  if (typeof place === 'string') return place;
  if (!isReadinessKnown(appliance)) return unknownReadiness;
  return new SnapshotStore(place.directory, place.maxBytes);
}
