// SPDX-License-Identifier: GPL-3.0-or-later
// First set-up file of every worker: begins to make the first test's lifeline, while all else is loaded.
import { join } from 'node:path';
import { imageNamed } from '../images/resolved-image.ts';
import { lifelineSpec, sharedFolders } from '../qemu/qemu-files.ts';
import { storeFor } from '../testbed/snapshot-place.ts';
import { runFacts, workerEngine, workerLifelines } from './worker-engine.ts';

const { config, host, disk, snapshots, testsDirectory } = runFacts();
const { access, accel, images } = host;
const lifelines = workerLifelines();
const store = storeFor(snapshots, config.appliance);
const anyTest = join(testsDirectory, 'any');
const snapshot = typeof store === 'string' ? undefined : ({ use: 'restore', directory: store.directoryOf('any') } as const);
const folders = lifelines.foldersFor(sharedFolders({ disk, directory: anyTest, snapshot }), access);
if (folders) {
  lifelines.prepare(workerEngine(), lifelineSpec(imageNamed(images, 'qemu').reference, access, folders, accel));
}
