// SPDX-License-Identifier: GPL-3.0-or-later
// First set-up file of every worker: begins to create the first test's lifeline while everything else is loaded.
import { storeFor } from '../testbed/snapshot-place.ts';
import { rawHasNodeLinks } from '../topology/node-links.ts'; // not the index, which loads more
import { runFacts, workerEngine, workerLifelines } from './worker-engine.ts';

const { config, host, disks, snapshots } = runFacts();
const machines = config.devices.flatMap(({ name, appliance }, index) => {
  const disk = disks[index];
  if (!disk) return [];
  const store = storeFor(snapshots, appliance);
  const { machine, memoryMiB, qemuArgs: extra } = appliance;
  const named = config.devices.length === 1 ? {} : { name };
  const place = typeof store === 'string' ? undefined : store.savedDirectory;
  return [{ ...named, disk, machine: { machine, memoryMiB, extra }, snapshots: place }];
});
const plan = workerLifelines().plan(host, machines, rawHasNodeLinks(config.topology));
if (plan) workerLifelines().prepare(workerEngine(), plan);
