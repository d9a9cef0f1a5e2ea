// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { logUnscoped, step } from '../core/step.ts';
import type { ExitStatus } from '../core/exit-status.ts';
import type { Container, FileAccess } from '../docker/index.ts';
import { canListenIn, listenHere, listenThere, type Channels } from './channels.ts';
import { closeSerial } from './close-serial.ts';
import { copyFiles } from './copy-files.ts';
import { HypervisorError, QmpClosedError, QmpTimeoutError } from './errors.ts';
import {
  configuredImage,
  needsImageFolder,
  prepareScript,
  qemuCommand,
  containerPaths,
  snapshotFiles,
  type HypervisorPaths,
  type HypervisorSpec,
  type ContainerPaths,
  type SharedFiles,
} from './qemu-files.ts';
import type { QemuContainer } from './qemu-container.ts';
import { QmpClient } from './qmp.ts';
import { waitForEnd } from './qemu-end.ts';
import { readStderr, stderrFile } from './qemu-output.ts';
import { assertFolderReachable } from './readable.ts';
import { startProblem } from './start-problem.ts';
import { loadState, saveState } from './state.ts';

/** Where a hypervisor runs. */
export interface HypervisorPlace {
  /** made from {@link qemuContainerSpec} with the files below */
  readonly container: QemuContainer;
  readonly access: FileAccess;
  readonly files: SharedFiles;
  /** absolute path of the folder on this machine with everything that QEMU writes for this testbed, captures among them */
  readonly exchange: string;
  /** settles when the taps exist that QEMU opens */
  readonly tapsCreated: Promise<void>;
  /** ` of left` for one of several devices, otherwise empty */
  readonly ofDevice: string;
}

/** How long QEMU may take to start on a busy machine, in `ms`: it maps the guest's memory. */
const startTimeoutMs = 60_000;

/** How long after QEMU's end its exit status may take to arrive, in `ms`. */
const statusTimeoutMs = 5_000;

interface Parts {
  readonly container: QemuContainer;
  readonly paths: HypervisorPaths;
  readonly channels: Channels;
  readonly qmp: QmpClient;
  readonly ended: Promise<ExitStatus>;
}

/** QEMU in a container: started, with its virtual CPU still halted. */
export class Hypervisor implements AsyncDisposable {
  readonly qmp: QmpClient;
  readonly #parts: Parts;
  readonly #ended: Promise<void>;
  #serial: Duplex | undefined;
  #exitStatus: ExitStatus | undefined;
  #stderr = '';
  #isExpectedToEnd = false;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.qmp = parts.qmp;
    this.#ended = this.#watch();
  }

  /**
   * Starts QEMU. What the guest writes to its disk and to the firmware's variables never changes the originals.
   * @throws HypervisorError with QEMU's error output, if QEMU exits
   * @throws ContainerError, ContainerDiedError if its container cannot run, for example because there is no /dev/net/tun
   */
  static async start(place: HypervisorPlace, spec: HypervisorSpec, signal?: AbortSignal): Promise<Hypervisor> {
    return step('alpy.qemu', `Start QEMU${place.ofDevice}`, async () => {
      const { container } = place;
      const [scratchDirectory, wait] = [container.newFolder(), { timeoutMs: startTimeoutMs, signal }];
      const { channels, ...rest } = await prepare(place, spec, scratchDirectory, wait);
      try {
        const paths = { ...rest, qmpSocket: channels.qmp.path, serialSocket: channels.serial.path };
        const script = `exec ${qemuCommand(spec, paths)} 2>${stderrFile(scratchDirectory)}`;
        await raceWithSignal(place.tapsCreated, signal);
        const { ended } = await container.startShell(script, wait);
        const qmp = await openMonitor(channels, ended, wait).catch(async (error: unknown) => {
          throw await reasonOf(error, container, scratchDirectory, ended, spec);
        });
        return new Hypervisor({ container, paths, channels, qmp, ended });
      } catch (error) {
        await channels[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  /** the container in which it runs and that contains its files */
  get container(): Container {
    return this.#parts.container.container;
  }

  /** folder of the captures, as QEMU sees it */
  get directory(): string {
    return this.#parts.paths.containerPaths.run;
  }

  /** a folder in its container that only this machine uses */
  get scratchDirectory(): string {
    return this.#parts.paths.scratchDirectory;
  }

  /** how QEMU ended, if it has; see {@link Hypervisor.settle} */
  get exitStatus(): ExitStatus | undefined {
    return this.#exitStatus;
  }

  /** QEMU's warnings and errors, once it has ended */
  get finalStderr(): string {
    return this.#stderr;
  }

  /** If QEMU has ended, waits until its exit status is known. */
  async settle(): Promise<void> {
    if (this.qmp.isClosed) await raceWithSignal(this.#ended, AbortSignal.timeout(statusTimeoutMs)).catch(() => undefined);
  }

  /** Reads QEMU's warnings and errors so far. Returns an empty string if its container has ended. */
  async readStderr(): Promise<string> {
    const { container, paths } = this.#parts;
    return readStderr(container, paths.scratchDirectory);
  }

  /**
   * Completes the snapshot that this machine was started to make. Its memory is in its file already. The guest must be stopped.
   * @throws QmpError if a device cannot be saved
   * @throws QmpTimeoutError, QmpClosedError
   */
  async saveState(wait: Wait): Promise<void> {
    await saveState(this.qmp, this.#stateFile, wait);
  }

  /**
   * Loads the snapshot that this machine was started from. The guest is then stopped where it was saved.
   * @throws HypervisorError with QEMU's error output, if QEMU refuses it
   */
  async loadState(wait: Wait): Promise<void> {
    try {
      await loadState(this.qmp, this.#stateFile, wait);
    } catch (error) {
      if (!(error instanceof QmpClosedError)) throw error;
      await this.settle();
      const status = this.#exitStatus;
      const what = `QEMU did not restore the snapshot: it ended with ${status?.text ?? 'its container'}`;
      throw new HypervisorError(what, this.#stderr, 'environment', status?.signal);
    }
  }

  get #stateFile(): string {
    return join(this.#parts.paths.containerPaths.snapshot, snapshotFiles.state);
  }

  /** Opens the guest's serial port, with everything that the guest has sent. Call it once. */
  async openSerial(wait: Wait): Promise<Duplex> {
    const { channels } = this.#parts;
    const stream = await withDeadline(
      wait,
      (cause) => new QmpTimeoutError("the guest's serial port", wait.timeoutMs, 'environment', { cause }),
      () => channels.serial.connected,
    );
    await channels[Symbol.asyncDispose](); // both have connected
    this.#serial = stream;
    return stream;
  }

  /** Disconnects the guest's serial port. Its stream ends after everything that the guest has sent. */
  async closeSerial(): Promise<void> {
    await closeSerial(this.qmp, this.#serial);
  }

  /** Announces that QEMU will be killed, so that its end is not logged as unexpected. */
  expectEnd(): void {
    this.#isExpectedToEnd = true;
  }

  /**
   * Waits until QEMU has ended; the owner of its container kills it. May be called again.
   * @throws QmpTimeoutError if it has not ended within 20 s
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.channels[Symbol.asyncDispose]();
    await waitForEnd(this.qmp);
  }

  async #watch(): Promise<void> {
    try {
      const status = await this.#parts.ended;
      this.#stderr = await this.readStderr();
      this.#exitStatus = status;
      if (!this.#isExpectedToEnd) logUnscoped('alpy.docker', `qemu ended: ${status.text}`);
    } catch {
      // its container has ended, which is reported elsewhere
    }
  }
}

/** Creates QEMU's folder and files, and listens for its connections. */
async function prepare(
  place: HypervisorPlace,
  spec: HypervisorSpec,
  scratchDirectory: string,
  wait: Wait,
): Promise<{ readonly channels: Channels; readonly containerPaths: ContainerPaths; readonly scratchDirectory: string }> {
  const { container, access, files, exchange } = place;
  const paths = containerPaths(access, files, exchange, spec);
  const script = prepareScript(spec, { containerPaths: paths, scratchDirectory });
  const image = configuredImage(spec.disk);
  if (access.kind === 'bind' && image !== undefined && needsImageFolder(spec.machine.extra)) await assertFolderReachable(image);
  if (access.kind === 'copy') await copyFiles(container, spec, paths, wait.signal);
  const here = await channelsHere(place, paths.run);
  try {
    await container.runShell(script, wait);
    return {
      channels: here ?? (await listenThere(container.container, scratchDirectory, wait.signal)),
      containerPaths: paths,
      scratchDirectory,
    };
  } catch (error) {
    await here?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** Listens on sockets of this process. Returns undefined if QEMU could not connect to them. */
async function channelsHere({ container, access, exchange }: HypervisorPlace, inside: string): Promise<Channels | undefined> {
  if (access.kind === 'copy' || !container.container.engine.sharesKernel || !canListenIn(inside)) return undefined;
  try {
    return await listenHere(exchange, inside);
  } catch (error) {
    logUnscoped('alpy.qemu', `cannot create sockets in ${exchange}, so QEMU's container listens instead: ${messageOf(error)}`); // not every file system supports them
    return undefined;
  }
}

/** Waits for QEMU to connect. @throws QmpClosedError if QEMU exits first */
async function openMonitor({ qmp }: Channels, ended: Promise<ExitStatus>, wait: Wait): Promise<QmpClient> {
  const startMs = performance.now();
  const stream = await withDeadline(
    wait,
    (cause) => new QmpTimeoutError('QEMU to connect', wait.timeoutMs, 'environment', { cause }),
    () =>
      Promise.race([
        qmp.connected,
        ended.then(() => {
          throw new QmpClosedError("QEMU's connection");
        }),
      ]),
  );
  const timeoutMs = wait.timeoutMs - (performance.now() - startMs);
  return QmpClient.open({ input: stream, output: stream }, { ...wait, timeoutMs });
}

/** The error that says why QEMU did not start. */
async function reasonOf(
  error: unknown,
  container: QemuContainer,
  scratchDirectory: string,
  ended: Promise<ExitStatus>,
  { machine }: HypervisorSpec,
): Promise<unknown> {
  if (error instanceof QmpTimeoutError)
    return new HypervisorError('QEMU did not start in time', await readStderr(container, scratchDirectory), 'environment');
  if (!(error instanceof QmpClosedError)) return error;
  const status = await raceWithSignal(ended, AbortSignal.timeout(statusTimeoutMs)).catch(() => undefined);
  // a user who adds arguments of QEMU is responsible for them
  const hasExtra = machine.extra.length > 0;
  const hint = hasExtra ? ` (appliance.qemuArgs adds ${machine.extra.join(' ')})` : '';
  const what = `QEMU did not start: it ended with ${status?.text ?? 'its container'}${hint}`;
  const stderr = await readStderr(container, scratchDirectory);
  const problem = startProblem(stderr);
  if (problem !== undefined) return new HypervisorError(problem, stderr, 'usage', status?.signal);
  return new HypervisorError(what, stderr, hasExtra ? 'usage' : 'environment', status?.signal);
}
