// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { withDeadline, type Wait } from '../core/deadline.ts';
import { step } from '../core/step.ts';
import { startExec, type Container } from '../docker/index.ts';
import { HypervisorError, QmpClosedError, QmpTimeoutError } from './errors.ts';
import { duplexOf } from './duplex.ts';
import {
  serialSocket,
  snapshotFiles,
  startContainer,
  type HypervisorPlace,
  type HypervisorSpec,
  type SeenFolders,
} from './qemu-container.ts';
import { QmpClient } from './qmp.ts';
import { loadState, saveState } from './state.ts';

/** Ends as soon as QEMU closes its side; by default it would wait half a second for more input. */
const socat = ['socat', '-t', '0', '-', `UNIX-CONNECT:${serialSocket}`];

/** How long QEMU may take to start, in `ms`: it maps the guest's memory, on a machine that may be loaded. */
const startTimeoutMs = 60_000;

/** QEMU in a container: started, with its virtual CPU still halted. */
export class Hypervisor implements AsyncDisposable {
  readonly container: Container;
  readonly qmp: QmpClient;
  /** folder of the captures, as QEMU sees it */
  readonly directory: string;
  readonly #snapshotFolder: string;
  readonly #stderr: Buffer[];

  private constructor(container: Container, qmp: QmpClient, seen: SeenFolders, stderr: Buffer[]) {
    this.container = container;
    this.qmp = qmp;
    this.directory = seen.run;
    this.#snapshotFolder = seen.snapshot;
    this.#stderr = stderr;
  }

  /**
   * Starts QEMU, with a disk overlay and firmware variables of its own.
   * @throws HypervisorError when QEMU ends instead, with what it said
   * @throws ContainerError when the daemon refuses, such as for lack of /dev/net/tun
   */
  static async start(place: HypervisorPlace, spec: HypervisorSpec, signal?: AbortSignal): Promise<Hypervisor> {
    return step('alpy.qemu', 'Start QEMU', async () => {
      const { seen, container } = await startContainer(place, spec, signal);
      const stderr: Buffer[] = [];
      container.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      try {
        const wait: Wait = { timeoutMs: startTimeoutMs, signal };
        const qmp = await QmpClient.open({ input: container.stdout, output: container.stdin }, wait);
        container.stdout.on('error', () => undefined);
        return new Hypervisor(container, qmp, seen, stderr);
      } catch (error) {
        const status = error instanceof QmpClosedError ? await container.waitForExit({ timeoutMs: 10_000, signal }) : undefined;
        await container[Symbol.asyncDispose]();
        if (!status && !(error instanceof QmpTimeoutError)) throw error;
        // who adds arguments of QEMU answers for them
        const fault = status && spec.machine.extra.length > 0 ? 'usage' : 'environment';
        const what = status ? `QEMU did not start: it ended with ${status.text}` : 'QEMU did not start in time';
        const hint = fault === 'usage' ? ` (appliance.qemuArgs adds ${spec.machine.extra.join(' ')})` : '';
        throw new HypervisorError(what + hint, Buffer.concat(stderr).toString(), fault);
      }
    });
  }

  /** What QEMU has printed as warnings and errors so far. */
  get stderr(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  /**
   * Completes the snapshot that this machine was started to make: everything but its memory, which is in its file already.
   * The guest must stand.
   * @throws QmpError when a device cannot be saved
   * @throws QmpTimeoutError, QmpClosedError
   */
  async saveState(wait: Wait): Promise<void> {
    await saveState(this.qmp, join(this.#snapshotFolder, snapshotFiles.state), wait);
  }

  /**
   * Loads the snapshot that this machine was started from. The guest then stands where it was saved.
   * @throws HypervisorError when QEMU refuses it, with what it said
   */
  async loadState(wait: Wait): Promise<void> {
    try {
      await loadState(this.qmp, join(this.#snapshotFolder, snapshotFiles.state), wait);
    } catch (error) {
      if (!(error instanceof QmpClosedError)) throw error;
      await this.container.waitForExit({ timeoutMs: 10_000, signal: wait.signal });
      throw new HypervisorError('QEMU cannot restore the snapshot', this.stderr, 'environment');
    }
  }

  /** Connects to the guest's serial port; whatever the guest sends while nobody is connected is lost. */
  async openSerial(wait: Wait): Promise<Duplex> {
    const execution = await withDeadline(
      wait,
      (cause) => new QmpTimeoutError("the guest's serial port", wait.timeoutMs, 'environment', { cause }),
      (signal) => startExec(this.container, { command: socat }, signal),
    );
    execution.stderr.resume();
    return duplexOf(execution.stdout, execution.stdin);
  }

  /** Cuts the guest's serial port off, so that its connection ends when all that the guest has sent was read. */
  async closeSerial(): Promise<void> {
    await this.qmp.execute('chardev-change', { id: 'serial0', backend: { type: 'null', data: {} } });
  }

  /** Kills QEMU; captures are complete up to this moment all the same, as they are written unbuffered. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.container[Symbol.asyncDispose]();
  }
}
