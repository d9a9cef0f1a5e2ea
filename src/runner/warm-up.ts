// SPDX-License-Identifier: GPL-3.0-or-later
// First set-up file of every worker: begins to make the first test's lifeline, while all else is loaded.
import { join } from 'node:path';
import { imageNamed } from '../images/resolved-image.ts';
import { lifelineSpec, sharedFolders } from '../qemu/qemu-files.ts';
import { SnapshotStore } from '../snapshot/store.ts';
import { runFacts, workerEngine, workerLifelines } from './worker-engine.ts';

const { config, host, disk, snapshots, testsDirectory } = runFacts();
const { access, accel, images } = host;
const lifelines = workerLifelines();
const store = snapshots && config.appliance.login && new SnapshotStore(snapshots.directory, snapshots.maxBytes);
const anyTest = join(testsDirectory, 'any');
const snapshot = store && ({ use: 'restore', directory: store.directoryOf('any') } as const);
const folders = lifelines.foldersFor(sharedFolders({ disk, directory: anyTest, snapshot }), access);
if (folders) {
  lifelines.prepare(workerEngine(), lifelineSpec(imageNamed(images, 'qemu').reference, access, folders, accel));
}
