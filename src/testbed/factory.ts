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
  options as optionsOf,
  someText,
  text,
} from '../core/schemas.ts';
import { log } from '../core/step.ts';
import type { Decoder } from '../capture/index.ts';
import type { Engine } from '../docker/index.ts';
import type { InspectedDisks } from '../qemu/index.ts';
import { SnapshotError, type Snapshot } from '../snapshot/index.ts';
import { createTestbed } from './create.ts';
import { factsFor, inspectApplianceDisks, type ApplianceQuestion, type FileFacts, type HostFacts } from './host.ts';
import type { LifelinePool } from './lifelines.ts';
import { provideSnapshot, type Once, type SnapshotSpec } from './snapshot.ts';
import { storeFor, type SnapshotPlace } from './snapshot-place.ts';
import type { CreatedTestbed } from './testbed.ts';

/** What a factory can use besides the machine. */
export interface FactoryOptions {
  /** where snapshots are kept, or the reason why there are none; absent for a factory that needs none */
  readonly snapshots?: SnapshotPlace | undefined;
  /** lifelines that its testbeds share, if their files are below the pool's folder; absent for one lifeline per testbed */
  readonly lifelines?: LifelinePool | undefined;
  /** decodes captures below its folder, that of the testbeds among them; absent for tshark in QEMU's container */
  readonly decoder?: Decoder | undefined;
}

/** The testbed to create. */
export interface TestbedRequest extends SnapshotSpec {
  /** absolute path of a folder for captures and console logs; created if it does not exist */
  readonly directory: string;
  /**
   * `cold` (default): the guest boots. `snapshot`: it starts from a snapshot, which is made first if there is none; if none
   * can be made, the log says why, and the guest boots. Or the snapshot to start from.
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
      appliance: anyObject as never,
      topology: anyObject as never,
      disk: anyObject as never,
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
    const { appliance, topology, disk, directory } = request;
    const { lifelines, decoder } = this.#options;
    const from = await this.#snapshotFor(request, signal);
    const snapshot = from ? { snapshot: { use: 'restore', from } as const } : {};
    const spec = { appliance, topology, disk, directory, lifelines, decoder, ...snapshot };
    return createTestbed(this.#engine, factsFor(appliance, this.#facts), spec, signal);
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

  /** The snapshot to start from; `undefined` if the guest is to boot. */
  async #snapshotFor(request: TestbedRequest, signal?: AbortSignal): Promise<Snapshot | undefined> {
    const { appliance, topology, disk, directory, start = 'cold', once } = request;
    if (start === 'cold') return undefined;
    if (start !== 'snapshot') return start;
    try {
      return await this.provideSnapshot({ appliance, topology, disk }, join(directory, 'boot'), signal, once);
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      log('alpy.snapshot', `booting without a snapshot: ${error.message}`);
      return undefined;
    }
  }
}
