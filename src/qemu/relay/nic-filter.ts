// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { Wait } from '../../core/deadline.ts';
import { logUnscoped } from '../../core/step.ts';
import { Lifetime } from '../../core/lifetime.ts';
import { startExec } from '../../docker/index.ts';
import type { Hypervisor } from '../hypervisor.ts';
import { QmpClosedError, QmpError } from '../errors.ts';
import { Relay, relayCommand } from './relay.ts';
import type { FrameCounts, RelaySettings } from './relay-text.ts';

/** A direction at a NIC, as QEMU names it: `rx` is from the guest to the link, `tx` from the link to the guest. */
export type NicQueue = 'rx' | 'tx';

/** What a filter does in a direction. */
export interface FilteredQueue {
  readonly queue: NicQueue;
  readonly settings: RelaySettings;
  /** start of the random numbers */
  readonly seed: number;
}

/** The machine of a NIC. */
export type FilterPlace = Pick<Hypervisor, 'qmp' | 'container' | 'scratchDirectory'>;

let filters = 0;

/**
 * Leads the frames of a NIC through a relay. It is in place only while a fault is active; without it, nothing is between the NIC and its
 * link. The capture is nearer to the guest than the filter, so it shows the frames as the NIC sends and receives them.
 */
export class NicFilter {
  /** why it no longer does what it should: its relay has ended; the frames take the direct way again */
  failure: Error | undefined;
  readonly #relay: Relay;
  readonly #objects: Lifetime;
  readonly #qmp: FilterPlace['qmp'];
  readonly #names: readonly string[];
  #removed: Promise<readonly FrameCounts[]> | undefined;

  private constructor(relay: Relay, objects: Lifetime, qmp: FilterPlace['qmp'], names: readonly string[]) {
    this.#relay = relay;
    this.#objects = objects;
    this.#qmp = qmp;
    this.#names = names;
    relay.lost.catch((error: unknown) => this.#fail(error));
  }

  /**
   * Starts the relay, and then makes the frames take the way through it. Leaves nothing behind if that fails.
   * @param netdev - identifier of the NIC's backend in QEMU
   * @param isOn - false: frames take the direct way until {@link NicFilter.switchOn}
   * @throws EnvironmentError if the relay does not start, for example because the image has no Perl
   * @throws QmpError when QEMU refuses
   */
  static async insert(
    place: FilterPlace,
    netdev: string,
    queues: readonly FilteredQueue[],
    wait: Wait,
    isOn = true,
  ): Promise<NicFilter> {
    const { qmp, container, scratchDirectory } = place;
    const id = `fault${(filters += 1)}`;
    const directions = queues.map(({ queue, settings, seed }) => {
      const name = `${id}-${queue}`;
      const sockets = { from: join(scratchDirectory, `${name}-out`), to: join(scratchDirectory, `${name}-in`) };
      return { name, queue, settings, seed, sockets };
    });
    const relay = new Relay(await startExec(container, { command: relayCommand(directions) }, wait.signal));
    await using objects = new Lifetime();
    objects.defer('relay', () => {
      relay.end();
    });
    await relay.ready(wait);
    for (const { name, queue, sockets } of directions) {
      const [outdev, indev] = [`${name}-out`, `${name}-in`];
      const add = async (
        command: string,
        args: Readonly<Record<string, unknown>>,
        removal: string,
        added: string,
      ): Promise<void> => {
        wait.signal?.throwIfAborted();
        let isRefused = false;
        objects.defer(added, () => (isRefused ? undefined : removed(qmp.execute(removal, { id: added }))));
        try {
          await qmp.execute(command, args, { timeoutMs: wait.timeoutMs }); // QEMU obeys also if nothing waits for its answer any more
        } catch (error) {
          isRefused = error instanceof QmpError;
          throw error;
        }
      };
      await add('chardev-add', chardev(outdev, sockets.from), 'chardev-remove', outdev);
      await add('chardev-add', chardev(indev, sockets.to), 'chardev-remove', indev);
      const filter = { id: name, netdev, queue, outdev, indev, position: 'head', status: onOff(isOn) };
      await add('object-add', { 'qom-type': 'filter-redirector', ...filter }, 'object-del', name);
    }
    wait.signal?.throwIfAborted();
    return new NicFilter(
      relay,
      objects.move(),
      qmp,
      directions.map(({ name }) => name),
    );
  }

  /** Makes the frames take the way through the relay. @throws EnvironmentError if the relay has ended, QmpError when QEMU refuses */
  async switchOn(): Promise<void> {
    if (this.failure) throw this.failure;
    await this.#setStatus(true);
  }

  async #setStatus(isOn: boolean): Promise<void> {
    for (const name of this.#names)
      await this.#qmp.execute('qom-set', { path: `/objects/${name}`, property: 'status', value: onOff(isOn) });
  }

  /** whether it was removed, or QEMU has ended and it with it */
  get isGone(): boolean {
    return this.#removed !== undefined || this.#qmp.isClosed;
  }

  /** What happened to the frames so far, for each direction. @throws EnvironmentError if the relay has ended */
  async counts(wait: Partial<Wait> = {}): Promise<readonly FrameCounts[]> {
    return this.#removed ?? this.#relay.counts(wait);
  }

  /**
   * Delivers the frames that the relay holds, and lets all others take the direct way again. May be called again.
   * @returns what happened to the frames
   * @throws EnvironmentError if the relay has ended, QmpClosedError if QEMU has
   */
  async remove(): Promise<readonly FrameCounts[]> {
    this.#removed ??= this.#remove();
    return this.#removed;
  }

  async #remove(): Promise<readonly FrameCounts[]> {
    if (this.failure) throw this.failure;
    await using _objects = this.#objects;
    await this.#relay.clear();
    // from here on frames take the direct way, and those in the relay still arrive
    await this.#setStatus(false);
    await this.#relay.clear();
    return await this.#relay.counts(); // before the relay ends
  }

  /** QEMU must give no further frames to the relay, because they would be lost. */
  async #fail(error: unknown): Promise<void> {
    if (this.#removed) return;
    await this.#objects[Symbol.asyncDispose]().catch(() => undefined); // the failure matters more
    if (this.#qmp.isClosed) return; // it has ended with QEMU
    this.failure = error instanceof Error ? error : new Error(String(error));
    logUnscoped('alpy.qemu', this.failure.message);
  }
}

function onOff(isOn: boolean): 'on' | 'off' {
  return isOn ? 'on' : 'off';
}

function chardev(id: string, path: string): Readonly<Record<string, unknown>> {
  const addr = { type: 'unix', data: { path } };
  return { id, backend: { type: 'socket', data: { addr, server: false } } };
}

/** Nothing is left to remove when QEMU has ended. */
async function removed(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof QmpClosedError)) throw error;
  }
}
