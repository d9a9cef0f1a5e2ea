// SPDX-License-Identifier: GPL-3.0-or-later
// First set-up file of every worker: begins to create the first test's lifeline while everything else is loaded.
import { storeFor } from '../testbed/snapshot-place.ts';
import { runFacts, workerEngine, workerLifelines } from './worker-engine.ts';

const { config, host, disk, snapshots } = runFacts();
const [{ appliance }, ...others] = config.devices;
const store = storeFor(snapshots, appliance);
const { machine, memoryMiB, qemuArgs: extra } = appliance;
const place = typeof store === 'string' ? undefined : store.savedDirectory;
const plan =
  others.length === 0
    ? workerLifelines().plan(host, [{ disk, machine: { machine, memoryMiB, extra }, snapshots: place }])
    : undefined;
if (plan) workerLifelines().prepare(workerEngine(), plan);
