// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import type { Config } from '../config/index.ts';
import { identityOf } from '../core/identity.ts';
import { configuredImage, type InspectedDisks } from '../qemu/index.ts';
import { resolveTopology } from '../topology/index.ts';
import type { RunFacts } from './facts.ts';
import { inspect } from './inspect.ts';
import { messageListener } from './messages.ts';
import type { OpenedVitest } from './open-vitest.ts';
import type { Run } from './run-options.ts';
import { capacityOf, defaultWorkers, inspectMachine, testbedMiB } from './scheduler/capacity.ts';
import type { Capacity } from './scheduler/scheduler.ts';
import { testTimeoutMs } from './set-up-allowance.ts';

/** Inspects the machine and prepares Vitest. */
export async function setUp({ options, testsDirectory, engine, loading, reporter, end }: Run): Promise<{
  readonly facts: { readonly forWorkers: Omit<RunFacts, 'testsPerFile' | 'scheduler'>; readonly capacity: Capacity };
  readonly environment: Readonly<Record<string, string>>;
  readonly openVitest: () => Promise<OpenedVitest>;
}> {
  const { loaded, directory, selection, settings = {} } = options;
  const { config, root } = loaded;
  const machine = await inspectMachine();
  const { host, disks, snapshots } = await inspect(engine, { ...options, signal: end }, testsDirectory);
  const capacity = capacityOf(machine, host.accel, config.testbedsMiB);
  const appliances = config.devices.map(({ appliance }) => appliance);
  const oneMiB = testbedMiB(appliances, resolveTopology(config.topology, config.devices), host.accel);
  const workers = config.workers ?? defaultWorkers(machine.cores, capacity.memoryMiB, oneMiB);
  const memory =
    config.testbedsMiB === undefined ? `${machine.availableMiB} MiB available` : `${config.testbedsMiB} MiB for testbeds`;
  const environment = {
    docker: `${engine.version} at ${engine.address}`,
    accel: `${host.accel} (${host.accelReason})`,
    appliance: appliancesText(config, disks, directory),
    files: host.access.kind,
    boot: typeof snapshots === 'string' ? `cold (${snapshots})` : `from snapshots in ${snapshots.directory}`,
    workers: `${workers} (${machine.cores} cores, ${memory})`,
    ...(settings.seed === undefined ? {} : { order: `random, repeat it with --shuffle ${settings.seed}` }),
  };
  const forWorkers = {
    runId: engine.runId,
    jobId: options.jobId,
    config,
    host,
    disks,
    root,
    testsDirectory,
    workers,
    snapshots,
    showSteps: options.showSteps,
    showActivity: options.onActivity !== undefined,
    pauseIn: options.pause?.directory,
    isDebugged: options.debugPort !== undefined,
    secrets: options.secrets,
  };
  const { openVitest } = await loading;
  return {
    facts: { forWorkers, capacity: { ...capacity, testbeds: workers } },
    environment,
    openVitest: () =>
      openVitest({
        config,
        root,
        settings: { ...settings, testName: selection.testName },
        testTimeoutMs: options.debugPort === undefined ? testTimeoutMs(config, host.timeFactor, workers) : 0,
        debugPort: options.debugPort,
        isRun: true,
        workers,
        reporter,
        onMessage: messageListener(options),
        onWorker: (pid) => {
          const worker = identityOf(pid);
          if (worker !== undefined) engine.guard({ process: worker });
        },
        testOutput: options.testOutput,
        signal: end,
      }),
  };
}

/** The images of the devices, or the names of those that have none. */
function appliancesText({ devices }: Config, disks: readonly InspectedDisks[], directory: string): string {
  const names = devices.map(({ appliance }, index) => {
    const image = disks[index] && configuredImage(disks[index]);
    return relative(directory, image ?? '') || appliance.name;
  });
  return [...new Set(names)].join(', ');
}
