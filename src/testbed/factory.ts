// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { argumentsOf } from '../core/arguments.ts';
import {
  abortSignal,
  anyObject,
  anything,
  either,
  functionOf,
  instanceOf,
  listOf,
  options as optionsOf,
  someText,
  text,
} from '../core/schemas.ts';
import { log } from '../core/step.ts';
import type { Decoder } from '../capture/index.ts';
import type { Engine } from '../docker/index.ts';
import type { InspectedDisks } from '../qemu/index.ts';
import { SnapshotError, type Snapshot } from '../snapshot/index.ts';
import { topologyAround, type DutSpec, type Topology } from '../topology/index.ts';
import { createTestbed } from './create.ts';
import type { DeviceSpec } from './creation.ts';
import { deviceFiles } from './device-names.ts';
import type { Appliance } from './dut-parts.ts';
import { factsFor, inspectApplianceDisks, type ApplianceQuestion, type FileFacts, type HostFacts } from './host.ts';
import type { LifelinePool } from './lifelines.ts';
import { provideSnapshot, type Once } from './snapshot.ts';
import type { SnapshotSpec } from './snapshot-inputs.ts';
import { storeFor, type SnapshotPlace } from './snapshot-place.ts';
import type { CreatedTestbed } from './testbed.ts';

/** What a factory can use besides the machine. */
export interface FactoryOptions {
  /** where snapshots are kept, or why none are kept; absent for a factory that needs none */
  readonly snapshots?: SnapshotPlace | undefined;
  /** lifelines that its testbeds share, if their files are below the pool's folder; absent for one lifeline per testbed */
  readonly lifelines?: LifelinePool | undefined;
  /** decodes captures below its folder, that of the testbeds among them; absent for tshark in QEMU's container */
  readonly decoder?: Decoder | undefined;
}

/** A device of a testbed. */
export interface DeviceRequest {
  readonly appliance: Appliance;
  /** from {@link TestbedFactory.inspectDisk} */
  readonly disk: InspectedDisks;
}

/** The testbed to create. */
export interface TestbedRequest {
  /** one for each DUT of the topology, in order */
  readonly devices: readonly DeviceRequest[];
  readonly topology: Topology;
  /** absolute path of a folder for captures and console logs; created if it does not exist */
  readonly directory: string;
  /**
   * `cold` (default): the guest boots. `snapshot`: it starts from a snapshot, which is made first if the store lacks it; if none
   * can be made, the log says why, and the guest boots. Or the snapshot that its only guest is to start from.
   */
  readonly start?: 'cold' | 'snapshot' | Snapshot;
  /** for `snapshot`: see {@link TestbedFactory.provideSnapshot} */
  readonly once?: Once | undefined;
}

// Names of options are checked in full. Their values mostly come from other functions of alpy.
const check = {
  factory: argumentsOf('new TestbedFactory', {
    engine: instanceOf(Object, 'an Engine'),
    facts: anyObject,
    options: optionsOf<FactoryOptions>({
      snapshots: either<unknown>('an object with directory and maxBytes, or a string', text, anyObject).optional() as never,
      lifelines: anything.optional() as never,
      decoder: anything.optional() as never,
    }).optional(),
  }),
  create: argumentsOf('factory.create', {
    request: optionsOf<TestbedRequest>({
      devices: listOf(anyObject, 'a list of devices, each { appliance, disk }', 1) as never,
      topology: anyObject as never,
      directory: someText,
      start: anything.optional() as never,
      once: functionOf<Once>().optional(),
    }),
    signal: abortSignal.optional(),
  }),
};

/** Creates testbeds on one machine. There is no other way to get one. */
export class TestbedFactory {
  readonly #engine: Engine;
  readonly #facts: HostFacts;
  readonly #options: FactoryOptions;

  constructor(engine: Engine, facts: HostFacts, options: FactoryOptions = {}) {
    check.factory(arguments);
    this.#engine = engine;
    this.#facts = facts;
    this.#options = options;
  }

  /**
   * Inspects the disks and CDs of an appliance before the rest of the machine is known.
   * @throws DiskImageError when one cannot be used
   */
  static inspectDisk(
    engine: Engine,
    facts: FileFacts,
    appliance: ApplianceQuestion,
    signal?: AbortSignal,
  ): Promise<InspectedDisks> {
    return inspectApplianceDisks(engine, facts, appliance, signal);
  }

  /**
   * Inspects the disks and CDs of an appliance, and unpacks those that are compressed or in an archive.
   * @throws DiskImageError when one cannot be used
   */
  inspectDisk(appliance: ApplianceQuestion, signal?: AbortSignal): Promise<InspectedDisks> {
    return inspectApplianceDisks(this.#engine, this.#facts, appliance, signal);
  }

  /**
   * Creates a testbed. Its virtual CPU does not run yet: `boot()` boots the guest or restores it. If anything fails, nothing
   * of it is left.
   * @throws HypervisorError, ContainerError, EnvironmentError
   * @throws BootError, GuestLostError when the appliance does not boot for the snapshot
   */
  async create(request: TestbedRequest, signal?: AbortSignal): Promise<CreatedTestbed> {
    check.create(arguments);
    const { topology, directory } = request;
    const { lifelines, decoder } = this.#options;
    const devices = await this.#withSnapshots(request, signal);
    return createTestbed(this.#engine, this.#facts, { devices, topology, directory, lifelines, decoder }, signal);
  }

  /**
   * Finds the snapshot of an appliance, or boots the appliance to make it.
   * @param directory - absolute path of a folder for the console log of that boot
   * @param once - runs the boot for a key while no other process does; default: just runs it
   * @throws BootError, GuestLostError when the appliance does not boot
   * @throws SnapshotError when there can be no snapshot
   * @throws HypervisorError, ContainerError, EnvironmentError when it cannot even be tried
   */
  async provideSnapshot(spec: SnapshotSpec, directory: string, signal?: AbortSignal, once?: Once): Promise<Snapshot> {
    const store = storeFor(this.#options.snapshots, spec.appliance);
    if (typeof store === 'string') throw new SnapshotError(store);
    return provideSnapshot(this.#engine, factsFor(spec.appliance, this.#facts), store, spec, directory, signal, once);
  }

  /** The devices with the snapshots to start from. A device without one is to boot. */
  async #withSnapshots(request: TestbedRequest, signal?: AbortSignal): Promise<readonly DeviceSpec[]> {
    const { devices, topology, start = 'cold' } = request;
    const all: DeviceSpec[] = [];
    // one after the other: several boots would only slow each other down
    for (const [index, { appliance, disk }] of devices.entries()) {
      const dut = topology.duts[index];
      const isCold = start === 'cold' || !dut;
      const from = isCold ? undefined : start === 'snapshot' ? await this.#snapshotFor(request, index, dut, signal) : start;
      all.push({ appliance, disk, ...(from ? { snapshot: { use: 'restore', from } } : {}) });
    }
    return all;
  }

  /** The snapshot of a device; `undefined` if it cannot have one. */
  async #snapshotFor(
    { devices, topology, directory, once }: TestbedRequest,
    index: number,
    dut: DutSpec,
    signal?: AbortSignal,
  ): Promise<Snapshot | undefined> {
    const device = devices[index];
    if (!device) return undefined;
    const spec = { ...device, topology: topologyAround(topology, dut.name) };
    try {
      assertReadyAlone(spec, topology);
      return await this.provideSnapshot(spec, join(directory, deviceFiles(topology, dut).boot), signal, once);
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      const which = devices.length === 1 ? '' : `${dut.name}: `;
      log('alpy.snapshot', `${which}booting without a snapshot: ${error.message}`);
      return undefined;
    }
  }
}

/** @throws SnapshotError if a device becomes ready only together with others */
function assertReadyAlone({ appliance, topology }: SnapshotSpec, whole: Topology): void {
  const has = (part: Topology, name: string): boolean =>
    [...part.nodes, ...part.links, ...part.segments].some((one) => one.name === name);
  for (const { tcp, http, ping, carrier } of appliance.ready ?? [])
    for (const name of [tcp?.node, http?.node, ping?.node, carrier])
      if (name !== undefined && has(whole, name) && !has(topology, name))
        throw new SnapshotError(
          `appliance.ready names ${name}, which is not on a link of ${topology.duts[0].name}, so it cannot be ready alone`,
        );
}
