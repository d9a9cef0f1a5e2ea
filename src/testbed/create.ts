// SPDX-License-Identifier: GPL-3.0-or-later
import { categorizedStep } from '../core/step.ts';
import type { Engine, Lifeline } from '../docker/index.ts';
import { hasNodeLinks, wiresOf } from '../topology/index.ts';
import { Apps } from './apps.ts';
import { testbedParts } from './assemble.ts';
import { createCaptureFiles } from './captures.ts';
import { devicesOf, type TestbedSpec } from './creation.ts';
import { explainByContainers } from './dead-container.ts';
import type { HostFacts } from './host.ts';
import { acquireLifeline } from './lifeline-lease.ts';
import { SnapshotWatch } from './snapshot-watch.ts';
import { startAll } from './start-all.ts';
import { tearDownAfter, type Started } from './teardown.ts';
import { CreatedTestbed, explainBySnapshots } from './testbed.ts';

/**
 * Creates a testbed: nodes, a QEMU for each device whose NICs are wired to them and to each other, consoles and captures. If anything
 * fails, nothing of it is left.
 * @throws HypervisorError, ContainerError or EnvironmentError if something does not start
 * @throws SnapshotError if a snapshot cannot be loaded
 * @throws UsageError or ConfigError if an uplink's network or the seed for cloud-init cannot be used
 */
export async function createTestbed(
  engine: Engine,
  facts: HostFacts,
  spec: TestbedSpec,
  signal?: AbortSignal,
): Promise<CreatedTestbed> {
  return categorizedStep('testbed.setup', 'alpy.testbed', 'Set the testbed up', async () => {
    const { topology, directory } = spec;
    const wires = wiresOf(topology); // before anything is to be released
    const [captures, snapshots] = await Promise.all([
      createCaptureFiles(directory, topology.duts, wires),
      Promise.all(spec.devices.map(async ({ snapshot }) => snapshot && (await SnapshotWatch.begin(snapshot)))),
    ]);
    const devices = await devicesOf(spec, facts);
    const isOnly = devices.length === 1;
    const machines = devices.map(({ name, machine }) => (isOnly ? { spec: machine } : { name, spec: machine }));
    const hasJunction = hasNodeLinks(topology);
    const lease = await acquireLifeline(engine, facts, spec.lifelines, { machines, hasJunction, directory }, signal);
    const started: Started = {
      lease,
      areCapturesInside: facts.access.kind === 'copy',
      nodes: [],
      uplinks: [],
      junctions: [],
      apps: createApps(engine, facts, spec, lease.group.lifeline),
      hostsFolders: [],
      devices: [],
    };
    const context = { engine, facts, spec, devices, wires, started };
    const watched = snapshots.map((snapshotWatch) => ({ snapshotWatch }));
    try {
      for (const [index, paths] of captures.entries()) await lease.group.share(index, paths);
      return new CreatedTestbed(testbedParts(context, await startAll(context, signal), snapshots));
    } catch (error) {
      if (signal?.aborted === true) throw await tearDownAfter(error, started);
      const reason = await explainBySnapshots(error, watched);
      throw await tearDownAfter(await explainByContainers(reason, started), started);
    }
  });
}

function createApps(engine: Engine, { access, images }: HostFacts, { directory }: TestbedSpec, lifeline: Lifeline): Apps {
  return new Apps({ engine, lifeline, filesFolder: access.kind === 'bind' ? directory : undefined }, images);
}
