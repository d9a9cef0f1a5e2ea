// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { categorizedStep } from '../core/step.ts';
import { ContainerDiedError, type Container } from '../docker/index.ts';
import type { Node } from '../network/index.ts';
import type { Hypervisor } from '../qemu/index.ts';
import type { Apps } from './apps.ts';
import { deadContainer } from './dead-container.ts';
import type { Dut } from './dut.ts';
import type { Link } from './link.ts';
import { Services } from './services.ts';
import type { SnapshotWatch } from './snapshot-watch.ts';
import { tearDown, type Started } from './teardown.ts';

/** What a testbed is made of. */
export interface TestbedParts {
  readonly dut: Dut;
  readonly nodes: readonly Node[];
  readonly hypervisor: Hypervisor;
  /** absent for a guest that boots, unless it is to be saved */
  readonly snapshotWatch: SnapshotWatch | undefined;
  /** everything to be released */
  readonly started: Started;
  /** completes the captures once QEMU has ended */
  readonly finishCaptures: () => Promise<void>;
}

/** A device under test, wired to its nodes, until it is closed. */
export class Testbed implements AsyncDisposable {
  readonly dut: Dut;
  readonly nodes: readonly Node[];
  readonly links: readonly Link[];
  readonly apps: Apps;
  readonly services: Services;
  readonly #parts: TestbedParts;
  #isClosed = false;

  constructor(parts: TestbedParts) {
    this.dut = parts.dut;
    this.nodes = parts.nodes;
    this.links = parts.dut.links;
    this.apps = parts.started.apps;
    this.services = new Services(this.apps);
    this.#parts = parts;
  }

  /** the container in which QEMU runs */
  get qemu(): Container {
    return this.#parts.hypervisor.container;
  }

  /** the container whose end ends all others */
  get lifeline(): Container {
    return this.#parts.started.lease.pair.lifeline.container;
  }

  /**
   * Checks that QEMU, nodes and apps run, and that the guest has not ended unexpectedly.
   * @throws ContainerDiedError when a node or QEMU has ended
   * @throws GuestLostError when the guest has powered off, rebooted or panicked, and nothing waited for that
   * @throws DiskIoError when QEMU could not read or write the guest's disk
   * @throws EnvironmentError when an impairment of a link has stopped by itself
   * @throws AppEndedError when an app has ended, and nothing waited for that
   */
  check(): void {
    const { hypervisor, started } = this.#parts;
    const dead = deadContainer(started);
    if (dead) throw dead;
    const { exitStatus, finalStderr } = hypervisor;
    if (exitStatus) throw new ContainerDiedError('qemu', exitStatus, finalStderr);
    const broken = this.links.find(({ failure }) => failure)?.failure;
    if (broken) throw broken; // before the guest, to whom frames may be missing
    if (this.dut.failure) throw this.dut.failure; // before the apps, which may have ended because of it
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
    await categorizedStep('testbed.teardown', 'alpy.testbed', 'Tear the testbed down', () =>
      tearDown(started, {
        check: () => this.#checkAll(),
        closeConsole: () => this.dut.close(),
        finishCaptures,
      }),
    );
  }

  /** What the snapshot's files explain comes first: the guest is not to blame for it. */
  async #checkAll(): Promise<void> {
    const { hypervisor, snapshotWatch } = this.#parts;
    await hypervisor.settle();
    await snapshotWatch?.assertUnchanged();
    try {
      this.check();
    } catch (error) {
      throw (await snapshotWatch?.explain(error)) ?? error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A testbed whose virtual CPU has not run yet. A test may also boot it step by step, through `dut`. */
export class CreatedTestbed extends Testbed {
  /**
   * Boots the guest, or resumes it where its snapshot was saved; see {@link Dut.boot}.
   * @returns the testbed, which cannot be booted again
   * @throws what `Dut.boot` throws; the testbed then still has to be closed
   */
  async boot(wait: Partial<Wait> = {}): Promise<Testbed> {
    await this.dut.boot(wait);
    return this;
  }
}
