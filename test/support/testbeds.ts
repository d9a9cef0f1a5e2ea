// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { resolveConfig } from '../../src/config/index.ts';
import { Engine } from '../../src/docker/index.ts';
import { resolveImages } from '../../src/images/index.ts';
import {
  inspectHost,
  TestbedFactory,
  type Appliance,
  type CreatedTestbed,
  type FactoryOptions,
  type HostFacts,
  type Testbed,
  type TestbedRequest,
} from '../../src/testbed/index.ts';
import { resolveTopology, type ShortTopology, type Topology } from '../../src/topology/index.ts';
import { writeBlankDisk } from './blank-disk.ts';

/** Rabbit's image, made by `npm run setup`. */
export const rabbitImage = resolve(import.meta.dirname, '../../.cache/rabbit.qcow2');

/** Rabbit as alpy.yaml describes it, with changes. */
export function rabbit(changes: Partial<Appliance> = {}): Appliance {
  const login = { user: 'root', password: 'rabbit', loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' };
  const raw = { appliance: { name: 'rabbit', image: rabbitImage, login } };
  const { config } = resolveConfig({ file: resolve('alpy.yaml'), raw, directory: resolve('.') });
  return { ...config.devices[0].appliance, ...changes };
}

/** A test host, and the disk of a guest that never says a word. */
export async function openWithBlankDisk(): Promise<{ readonly testHost: TestHost; readonly blank: string }> {
  const testHost = await TestHost.open();
  const blank = join(testHost.directory, 'blank.raw');
  await writeBlankDisk(blank);
  return { testHost, blank };
}

type TestbedOptions = Pick<Partial<TestbedRequest>, 'directory' | 'start'> &
  Pick<FactoryOptions, 'lifelines' | 'snapshots'> & { readonly facts?: HostFacts };

/** Makes testbeds in a temporary folder and releases all of it. */
export class TestHost implements AsyncDisposable {
  readonly engine: Engine;
  readonly directory: string;
  readonly facts: HostFacts;
  readonly #testbeds: Testbed[] = [];

  private constructor(engine: Engine, directory: string, facts: HostFacts) {
    this.engine = engine;
    this.directory = directory;
    this.facts = facts;
  }

  static async open(): Promise<TestHost> {
    const engine = await Engine.connect({ jobId: process.env['ALPY_JOB_ID'] });
    const directory = await mkdtemp(join(tmpdir(), 'alpy-test-host-'));
    const images = resolveImages(process.env);
    const facts = await inspectHost(engine, { images, accel: 'auto', directory, accelCacheFile: resolve('.cache/kvm.json') });
    return new TestHost(engine, directory, facts);
  }

  /** Creates testbeds on this host; {@link TestHost} does not release them. */
  factory(options: FactoryOptions = {}, facts = this.facts): TestbedFactory {
    return new TestbedFactory(this.engine, facts, options);
  }

  /** A testbed of one device whose virtual CPU does not run yet. */
  async testbed(
    appliance: Appliance,
    links: number,
    options: TestbedOptions & Pick<ShortTopology, 'nodes'> = {},
  ): Promise<CreatedTestbed> {
    const { nodes, ...rest } = options;
    return this.testbedWith([appliance], resolveTopology({ links, nodes }, appliance), rest);
  }

  /** A testbed whose virtual CPUs do not run yet. @param appliances - one for each DUT, in order */
  async testbedWith(appliances: readonly Appliance[], topology: Topology, options: TestbedOptions = {}): Promise<CreatedTestbed> {
    const { directory = await mkdtemp(join(this.directory, 'testbed-')), start = 'cold', lifelines, snapshots, facts } = options;
    const factory = this.factory({ lifelines, snapshots }, facts);
    const devices = [];
    for (const appliance of appliances) devices.push({ appliance, disk: await factory.inspectDisk(appliance) });
    const testbed = await factory.create({ devices, topology, directory, start });
    this.#testbeds.push(testbed);
    return testbed;
  }

  /** Identifiers of this host's containers that still exist, in whatever state. */
  async containers(): Promise<readonly string[]> {
    const label = [`io.alpy.run=${this.engine.runId}`];
    const found = await this.engine.docker.listContainers({ all: true, filters: { label } });
    return found.flatMap(({ Names }) => Names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const testbed of this.#testbeds) await testbed.close().catch(() => undefined); // the test has seen what was wrong
    this.engine[Symbol.dispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}
