// SPDX-License-Identifier: GPL-3.0-or-later
import { rm } from 'node:fs/promises';
import { allEnded } from '../core/all-ended.ts';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { CleanupError, runRelease } from '../core/lifetime.ts';
import type { SerialConsole } from '../console/index.ts';
import type { App, Node } from '../network/index.ts';
import type { Apps } from './apps.ts';
import type { Hypervisor, Junction, Uplink } from '../qemu/index.ts';
import type { LifelineLease } from './lifeline-lease.ts';

/**
 * What a testbed has started so far. Each phase of its creation adds what it has started at once, so that the tear-down finds
 * everything even if a later phase fails.
 */
export interface Started {
  readonly lease: LifelineLease;
  /** whether the captures are in QEMU's container, which then has to outlive QEMU */
  readonly areCapturesInside: boolean;
  readonly nodes: Node[];
  readonly uplinks: Uplink[];
  /** one at most */
  readonly junctions: Junction[];
  readonly apps: Apps;
  readonly hostsFolders: string[];
  readonly devices: StartedDevice[];
}

/** A device whose QEMU was started. */
export interface StartedDevice {
  readonly name: string;
  readonly hypervisor: Hypervisor;
  console?: SerialConsole;
  /** settles when the snapshot is loaded, if there is one */
  restoring?: Promise<void> | undefined;
}

/** What the tear-down also does with a testbed whose creation was completed. */
export interface Completion {
  /** throws if something of the testbed has ended or was lost unexpectedly */
  readonly check: () => Promise<void>;
  /** ends the consoles when all that the guests have sent was read */
  readonly closeConsoles: () => Promise<void>;
  /** completes the captures once QEMU has ended */
  readonly finishCaptures: () => Promise<void>;
}

/** How long it may take to kill the processes that hang on a lifeline, in `ms`. */
const killTimeoutMs = 10_000;

/**
 * Tears a testbed down: everything is ended and released, whatever fails on the way.
 * @param completion - absent if the creation of the testbed has failed
 * @throws what `check` and `finishCaptures` throw
 * @throws EnvironmentError when QEMU could not write a capture
 * @throws CleanupError when something could not be ended or released
 * @throws AggregateError of several of these
 */
export async function tearDown(started: Started, completion?: Completion): Promise<void> {
  const { lease, devices } = started;
  const errors = new ErrorList();
  if (completion) await errors.check(completion.check);
  await errors.release('console', async () => {
    if (completion) await completion.closeConsoles();
    else await allEnded(devices.map(async ({ console }) => console?.close()));
  });
  const qemus = [...devices.map(({ hypervisor }) => hypervisor), ...started.junctions];
  const errorOutput = completion ? await Promise.all(qemus.map((qemu) => qemu.readStderr())) : [];
  const owners = [...started.nodes, ...started.apps.all];
  for (const qemu of qemus) qemu.expectEnd();
  if (completion) await killProcesses(started, owners, errors);
  const isLost = !completion || (errors.hasAny && !started.areCapturesInside);
  if (isLost) await errors.release('lifeline', () => lease.release(false)); // this ends everything that hangs on it
  const removed = Promise.all(owners.map((owner) => errors.release(owner.name, () => owner[Symbol.asyncDispose]())));
  const uplinksEnded = started.uplinks.map((uplink) => errors.release('uplink', () => uplink[Symbol.asyncDispose]()));
  const ends = qemus.map((qemu) => errors.release(qemu.container.name, () => qemu[Symbol.asyncDispose]()));
  await Promise.all([...ends, ...uplinksEnded]);
  if (completion) await finishCaptures(completion, errorOutput, errors);
  await removed;
  for (const folder of started.hostsFolders) await errors.release('hosts', () => rm(folder, { recursive: true, force: true }));
  if (!isLost) await errors.release('lifeline', () => lease.release(!errors.hasAny));
  errors.throwIfAny();
}

/**
 * Tears down what a failed creation has started.
 * @returns the error to throw: that of the creation, with that of the tear-down if this fails, too
 */
export async function tearDownAfter(error: unknown, started: Started): Promise<unknown> {
  try {
    await tearDown(started);
    return error;
  } catch (follows) {
    return new SuppressedError(follows, error, messageOf(error));
  }
}

/** Kills QEMU and all processes of nodes and apps at once, which is faster than to have the daemon stop them one by one. */
async function killProcesses(
  { lease: { group, isReusable }, areCapturesInside }: Started,
  owners: readonly (Node | App)[],
  errors: ErrorList,
): Promise<void> {
  const containers = owners.map(({ container }) => container);
  await errors.release('processes', () =>
    areCapturesInside || isReusable ? group.killOthers(containers, { timeoutMs: killTimeoutMs }) : group.kill(containers),
  );
}

/** Completes the captures; they are whole now that QEMU has ended. */
async function finishCaptures(completion: Completion, errorOutput: readonly string[], errors: ErrorList): Promise<void> {
  await errors.check(() => {
    const failed = errorOutput.find((output) => output.includes('dump write error'));
    if (failed !== undefined) throw new EnvironmentError(`QEMU could not write a capture: ${failed}`);
  });
  await errors.check(completion.finishCaptures);
}

/** The errors of a tear-down. Only {@link ErrorList.throwIfAny} throws. */
class ErrorList {
  readonly #errors: unknown[] = [];

  get hasAny(): boolean {
    return this.#errors.length > 0;
  }

  /** Keeps what `body` throws as it is: it says something about what the test saw. */
  async check(body: () => Promise<void> | void): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.#errors.push(error);
    }
  }

  /** Keeps what `release` throws as a CleanupError, also if it takes longer than 30 s. */
  async release(name: string, release: () => Promise<void> | void): Promise<void> {
    try {
      await runRelease(release);
    } catch (error) {
      this.#errors.push(error instanceof CleanupError ? error : new CleanupError([{ name, error }]));
    }
  }

  /** @throws the only error, or an AggregateError of several */
  throwIfAny(): void {
    if (this.#errors.length > 1) throw new AggregateError(this.#errors, this.#errors.map(messageOf).join('\n'));
    if (this.#errors.length === 1) throw this.#errors[0];
  }
}
