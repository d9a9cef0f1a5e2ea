// SPDX-License-Identifier: GPL-3.0-or-later
export { loadArchive, saveArchive } from './archive.ts';
export { SnapshotError } from './errors.ts';
export { snapshotKey } from './key.ts';
export { snapshotFormat, type SnapshotRecord } from './record.ts';
export { draftPrefix, SnapshotStore, type RemovedSnapshot, type Snapshot, type SnapshotListing } from './store.ts';
