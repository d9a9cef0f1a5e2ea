// SPDX-License-Identifier: GPL-3.0-or-later
// First set-up file of every worker: begins to create the first test's lifeline while everything else is loaded.
import { storeFor } from '../testbed/snapshot-place.ts';
import { runFacts, workerEngine, workerLifelines } from './worker-engine.ts';

const { config, host, disk, snapshots } = runFacts();
const store = storeFor(snapshots, config.devices[0].appliance);
const { machine, memoryMiB, qemuArgs: extra } = config.devices[0].appliance;
const plan = workerLifelines().plan(
  host,
  disk,
  { machine, memoryMiB, extra },
  typeof store === 'string' ? undefined : store.savedDirectory,
);
if (plan) workerLifelines().prepare(workerEngine(), plan);
