// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { CleanupError, type Lifetime } from '../core/lifetime.ts';
import { categorizedStep } from '../core/step.ts';
import { ContainerDiedError, type Container, type Lifeline } from '../docker/index.ts';
import type { Node } from '../network/index.ts';
import type { Hypervisor } from '../qemu/index.ts';
import type { Apps } from './apps.ts';
import type { Dut } from './dut.ts';
import type { Link } from './link.ts';

/** What a testbed is made of. */
export interface TestbedParts {
  readonly lifeline: Lifeline;
  /** whether the captures lie in the lifeline, which then has to outlive QEMU */
  readonly isCopied: boolean;
  /** says that the lifeline may be used again, once it is released; absent when it may not */
  readonly reuse: (() => void) | undefined;
  readonly dut: Dut;
  readonly hypervisor: Hypervisor;
  readonly nodes: readonly Node[];
  readonly apps: Apps;
  /** everything to be released */
  readonly lifetime: Lifetime;
  /** puts the captures right once QEMU has gone */
  readonly finishCaptures: () => Promise<void>;
}

/** How long it may take to kill all that hangs on a lifeline, in `ms`. */
const killTimeoutMs = 10_000;

/** A device under test, wired to its nodes. It is ready to be started; until then no virtual CPU has run. */
export class Testbed implements AsyncDisposable {
  readonly dut: Dut;
  readonly nodes: readonly Node[];
  readonly links: readonly Link[];
  readonly apps: Apps;
  readonly #parts: TestbedParts;
  #isClosed = false;

  constructor(parts: TestbedParts) {
    this.dut = parts.dut;
    this.nodes = parts.nodes;
    this.links = parts.dut.links;
    this.apps = parts.apps;
    this.#parts = parts;
  }

  /** the container in which QEMU runs */
  get qemu(): Container {
    return this.#parts.hypervisor.container;
  }

  /**
   * Sees that all is as it should be: QEMU, nodes and apps run, and the guest has not ended unnoticed.
   * @throws ContainerDiedError when a node or QEMU has ended
   * @throws GuestLostError when the guest has powered off, rebooted or panicked without anybody awaiting it
   * @throws DiskIoError when QEMU could not read or write the guest's disk
   * @throws AppEndedError when an app has ended without anybody awaiting it
   */
  check(): void {
    const { hypervisor, lifeline, nodes, apps } = this.#parts;
    for (const { container } of [lifeline, ...nodes]) {
      if (container.exitStatus) throw new ContainerDiedError(container.name, container.exitStatus, '');
    }
    const { exitStatus, finalStderr } = hypervisor;
    if (exitStatus) throw new ContainerDiedError('qemu', exitStatus, finalStderr);
    if (this.dut.failure) throw this.dut.failure; // before the apps, which may have ended because of it
    for (const app of apps.all) app.checkAlive();
  }

  /**
   * Tears everything down and completes captures and console logs. Done once; a second call does nothing.
   * @throws what {@link Testbed.check} throws, after everything is down
   * @throws CaptureError when a capture is not complete
   * @throws CleanupError when something could not be ended or released, which says nothing about what the test saw
   * @throws AggregateError of several of these
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await categorizedStep('testbed.teardown', 'alpy.testbed', 'Tear the testbed down', async () => {
      const errors: unknown[] = [];
      /** @param name - what is cleaned up; absent for what shows whether the test could be trusted */
      const attempt = async (body: () => Promise<void> | void, name?: string): Promise<void> => {
        try {
          await body();
        } catch (error) {
          errors.push(name === undefined || error instanceof CleanupError ? error : new CleanupError([{ name, error }]));
        }
      };
      const { dut, lifeline, isCopied, reuse, hypervisor, nodes, apps, lifetime, finishCaptures } = this.#parts;
      await attempt(async () => {
        await hypervisor.settle();
        this.check();
      });
      await attempt(() => dut.close(), 'console');
      const complaint = await hypervisor.readStderr();
      const owners = [...nodes, ...apps.all];
      const containers = owners.map(({ container }) => container);
      hypervisor.expectEnd();
      const livesOn = isCopied || reuse !== undefined;
      const kill = (): Promise<void> =>
        livesOn ? lifeline.killOthers(containers, { timeoutMs: killTimeoutMs }) : lifeline.kill(containers);
      await attempt(kill, 'processes');
      if (errors.length > 0 && !isCopied) await attempt(() => lifeline[Symbol.asyncDispose](), 'lifeline'); // it will not be used again
      const removed = Promise.all(owners.map((owner) => attempt(() => owner[Symbol.asyncDispose](), owner.name)));
      // captures are whole when QEMU has ended
      await attempt(() => hypervisor[Symbol.asyncDispose](), 'qemu');
      await attempt(() => {
        if (complaint.includes('dump write error')) throw new EnvironmentError(`QEMU could not write a capture: ${complaint}`);
      });
      await attempt(finishCaptures);
      await removed;
      if (errors.length === 0) reuse?.();
      await attempt(() => lifetime[Symbol.asyncDispose](), 'testbed');
      const [first] = errors;
      if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('\n'));
      if (first !== undefined) throw first;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
