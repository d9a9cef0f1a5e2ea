// SPDX-License-Identifier: GPL-3.0-or-later
import { allEnded } from '../core/all-ended.ts';
import type { Wait } from '../core/deadline.ts';
import { named, type Named } from '../core/named.ts';
import { categorizedStep } from '../core/step.ts';
import { ContainerDiedError, type Container } from '../docker/index.ts';
import type { Node } from '../network/index.ts';
import type { Hypervisor } from '../qemu/index.ts';
import type { Apps } from './apps.ts';
import { bootTogether } from './boot-together.ts';
import { deadContainer } from './dead-container.ts';
import type { Dut } from './dut.ts';
import type { Link } from './link.ts';
import { Services } from './services.ts';
import type { SnapshotWatch } from './snapshot-watch.ts';
import { tearDown, type Started } from './teardown.ts';

/** A device of a testbed. */
export interface DeviceParts {
  readonly dut: Dut;
  /** absolute path of the file for a picture of its screen */
  readonly screenFile: string;
  readonly hypervisor: Hypervisor;
  /** absent for a guest that boots, unless it is to be saved */
  readonly snapshotWatch: SnapshotWatch | undefined;
}

/** What a testbed is made of. */
export interface TestbedParts {
  /** in the order of the topology */
  readonly devices: readonly [DeviceParts, ...DeviceParts[]];
  readonly nodes: readonly Node[];
  readonly links: readonly Link[];
  /** everything to be released */
  readonly started: Started;
  /** completes the captures once QEMU has ended */
  readonly finishCaptures: () => Promise<void>;
}

/** Devices under test, wired to each other and to nodes, until it is closed. */
export class Testbed implements AsyncDisposable {
  /** the only device, or the first */
  readonly dut: Dut;
  /** by name and in order */
  readonly duts: Named<Dut>;
  /** by name and in order */
  readonly nodes: Named<Node>;
  /** links, then segments, by name and in order */
  readonly links: Named<Link>;
  readonly apps: Apps;
  readonly services: Services;
  readonly #parts: TestbedParts;
  #isClosed = false;

  constructor(parts: TestbedParts) {
    this.duts = named(
      'device',
      parts.devices.map(({ dut }) => dut),
    );
    this.dut = parts.devices[0].dut;
    this.nodes = named('node', parts.nodes);
    this.links = named('link', parts.links);
    this.apps = parts.started.apps;
    this.services = new Services(this.apps);
    this.#parts = parts;
  }

  /** the container in which the QEMU of the first device runs */
  get qemu(): Container {
    return this.#parts.devices[0].hypervisor.container;
  }

  /** the containers in which QEMU runs, in the order of the devices @internal */
  get qemus(): readonly Container[] {
    return this.#parts.devices.map(({ hypervisor }) => hypervisor.container);
  }

  /** the container whose end ends all others */
  get lifeline(): Container {
    return this.#parts.started.lease.group.lifeline.container;
  }

  /**
   * Checks that QEMU, nodes and apps run, and that no guest has ended unexpectedly.
   * @throws ContainerDiedError when a node or QEMU has ended
   * @throws DaemonError when the Docker daemon is lost, which ends everything else
   * @throws GuestLostError when a guest has powered off, rebooted or panicked, and nothing waited for that
   * @throws DiskIoError when QEMU could not read or write the guest's disk
   * @throws EnvironmentError when an impairment of a link, an uplink or what joins nodes has ended unexpectedly
   * @throws AppEndedError when an app has ended, and nothing waited for that
   */
  check(): void {
    const { devices, started } = this.#parts;
    const dead = deadContainer(started);
    if (dead) throw dead;
    this.lifeline.engine.lost.throwIfAborted();
    for (const { hypervisor } of devices) {
      const { exitStatus, finalStderr, container } = hypervisor;
      if (exitStatus) throw new ContainerDiedError(container.name, exitStatus, finalStderr);
    }
    const broken = [...started.uplinks, ...started.junctions, ...this.links].find(({ failure }) => failure)?.failure;
    if (broken) throw broken; // before the guests, to whom frames may be missing
    for (const { dut } of devices) if (dut.failure) throw dut.failure; // before the apps, which may have ended because of it
    for (const app of this.apps.all) app.checkAlive();
  }

  /**
   * Checks what can be the reason of a failure although everything runs: whether the nodes still have their interfaces.
   * @throws EnvironmentError if one is gone
   */
  async checkLinks(wait: Partial<Wait> = {}): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.assertInterface(wait)));
  }

  /**
   * Saves a picture of the screen of each device in the testbed's folder.
   * @throws QmpError when a device has no screen, AggregateError when several have none
   * @internal
   */
  async saveScreens(): Promise<void> {
    await allEnded(this.#parts.devices.map(({ dut, screenFile }) => dut.screenshot(screenFile)));
  }

  /**
   * Tears everything down and completes captures and console logs. A second call does nothing. The files of the captures and
   * of the console stay.
   * @throws what {@link Testbed.check} throws, after everything is down
   * @throws SnapshotError when a file of its snapshot was changed meanwhile, or made the kernel kill QEMU
   * @throws CaptureError when a capture is not complete
   * @throws CleanupError when something could not be ended or released, which says nothing about what the test saw
   * @throws AggregateError of several of these
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { started, finishCaptures } = this.#parts;
    for (const link of this.links) link.cancelFaults();
    await categorizedStep('testbed.teardown', 'alpy.testbed', 'Tear the testbed down', () =>
      tearDown(started, {
        check: () => this.#checkAll(),
        closeConsoles: () => allEnded(this.duts.map((dut) => dut.close())),
        finishCaptures,
      }),
    );
  }

  /** What the snapshots' files explain comes first: the guests are not to blame for it. */
  async #checkAll(): Promise<void> {
    const { devices } = this.#parts;
    await Promise.all(devices.map(({ hypervisor }) => hypervisor.settle()));
    for (const { snapshotWatch } of devices) await snapshotWatch?.assertUnchanged();
    try {
      this.check();
    } catch (error) {
      throw await explainBySnapshots(error, devices);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Returns the error to throw: one that names the file of a snapshot, if that is the cause of `error`. */
export async function explainBySnapshots(
  error: unknown,
  devices: readonly Pick<DeviceParts, 'snapshotWatch'>[],
): Promise<unknown> {
  for (const { snapshotWatch } of devices) {
    const reason = await snapshotWatch?.explain(error);
    if (reason !== undefined && reason !== error) return reason;
  }
  return error;
}

/** A testbed whose virtual CPUs have not run yet. A test may also boot it step by step, through `duts`. */
export class CreatedTestbed extends Testbed {
  /**
   * Boots the guests, or resumes them where their snapshots were saved; see {@link Dut.boot}. All virtual CPUs start together.
   * @returns the testbed, which cannot be booted again
   * @throws what `Dut.boot` throws; the testbed then still has to be closed
   */
  async boot(wait: Partial<Wait> = {}): Promise<Testbed> {
    await (this.duts.length === 1 ? this.dut.boot(wait) : bootTogether(this.duts, wait));
    return this;
  }
}
