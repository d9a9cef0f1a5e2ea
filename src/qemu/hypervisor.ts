// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { logUnscoped, step } from '../core/step.ts';
import type { Container, ExitStatus, FileAccess, Lifeline } from '../docker/index.ts';
import { canListenIn, listenHere, listenThere, type Channels } from './channels.ts';
import { HypervisorError, QmpClosedError, QmpTimeoutError } from './errors.ts';
import {
  imagePath,
  prepareScript,
  qemuCommand,
  containerPaths,
  snapshotFiles,
  type HypervisorPaths,
  type HypervisorSpec,
  type ContainerPaths,
  type SharedFolders,
} from './qemu-files.ts';
import { QmpClient } from './qmp.ts';
import { loadState, saveState } from './state.ts';

/** Where QEMU runs. */
export interface HypervisorPlace {
  /** one of {@link lifelineSpec}, with the folders below */
  readonly lifeline: Lifeline;
  readonly access: FileAccess;
  readonly folders: SharedFolders;
}

/** How long QEMU may take to start, in `ms`: it maps the guest's memory, on a machine that may be loaded. */
const startTimeoutMs = 60_000;

/** How long a short command in its container may take, in `ms`. */
const shellTimeoutMs = 30_000;

/** How long QEMU may take to end when it is killed, in `ms`: the kernel has to give back the guest's memory. */
const endTimeoutMs = 20_000;

/** How long after QEMU's end its exit status may come, in `ms`. */
const statusTimeoutMs = 5_000;

interface Parts {
  readonly lifeline: Lifeline;
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
  #exitStatus: ExitStatus | undefined;
  #stderr = '';
  #isExpectedToEnd = false;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.qmp = parts.qmp;
    this.#ended = this.#watch();
  }

  /**
   * Starts QEMU, with a disk overlay and firmware variables of its own.
   * @throws HypervisorError when QEMU ends instead, with what it said
   * @throws ContainerError, ContainerDiedError when its container cannot run, such as for lack of /dev/net/tun
   */
  static async start(place: HypervisorPlace, spec: HypervisorSpec, signal?: AbortSignal): Promise<Hypervisor> {
    return step('alpy.qemu', 'Start QEMU', async () => {
      const { lifeline } = place;
      const [scratchDirectory, wait] = [lifeline.newFolder(), { timeoutMs: startTimeoutMs, signal }];
      const { channels, ...rest } = await prepare(place, spec, scratchDirectory, wait);
      try {
        const paths = { ...rest, qmpSocket: channels.qmp.path, serialSocket: channels.serial.path };
        const script = `exec ${qemuCommand(spec, paths)} 2>${stderrFile(scratchDirectory)}`;
        const { ended } = await lifeline.startShell(script, wait);
        const qmp = await openMonitor(channels, ended, wait).catch(async (error: unknown) => {
          throw await reasonOf(error, lifeline, scratchDirectory, ended, spec);
        });
        return new Hypervisor({ lifeline, paths, channels, qmp, ended });
      } catch (error) {
        await channels[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  /** the container in which it runs, and in which its files are */
  get container(): Container {
    return this.#parts.lifeline.container;
  }

  /** folder of the captures, as QEMU sees it */
  get directory(): string {
    return this.#parts.paths.containerPaths.run;
  }

  /** a folder in its container that only this machine uses */
  get scratchDirectory(): string {
    return this.#parts.paths.scratchDirectory;
  }

  /** how it ended, if it has; see {@link Hypervisor.settle} */
  get exitStatus(): ExitStatus | undefined {
    return this.#exitStatus;
  }

  /** what QEMU had printed as warnings and errors when it ended */
  get finalStderr(): string {
    return this.#stderr;
  }

  /** When QEMU has ended, waits until it is known how. */
  async settle(): Promise<void> {
    if (this.qmp.isClosed) await raceWithSignal(this.#ended, AbortSignal.timeout(statusTimeoutMs)).catch(() => undefined);
  }

  /** What QEMU has printed as warnings and errors so far; nothing when its container has ended. */
  async readStderr(): Promise<string> {
    const { lifeline, paths } = this.#parts;
    return readStderr(lifeline, paths.scratchDirectory);
  }

  /**
   * Completes the snapshot that this machine was started to make: everything but its memory, which is in its file already.
   * The guest must stand.
   * @throws QmpError when a device cannot be saved
   * @throws QmpTimeoutError, QmpClosedError
   */
  async saveState(wait: Wait): Promise<void> {
    await saveState(this.qmp, this.#stateFile, wait);
  }

  /**
   * Loads the snapshot that this machine was started from. The guest then stands where it was saved.
   * @throws HypervisorError when QEMU refuses it, with what it said
   */
  async loadState(wait: Wait): Promise<void> {
    try {
      await loadState(this.qmp, this.#stateFile, wait);
    } catch (error) {
      if (!(error instanceof QmpClosedError)) throw error;
      await this.settle();
      throw new HypervisorError('QEMU cannot restore the snapshot', this.#stderr, 'environment');
    }
  }

  get #stateFile(): string {
    return join(this.#parts.paths.containerPaths.snapshot, snapshotFiles.state);
  }

  /** The guest's serial port, from the first byte that it sends. Call it once. */
  async openSerial(wait: Wait): Promise<Duplex> {
    const { channels } = this.#parts;
    const stream = await withDeadline(
      wait,
      (cause) => new QmpTimeoutError("the guest's serial port", wait.timeoutMs, 'environment', { cause }),
      () => channels.serial.connected,
    );
    await channels[Symbol.asyncDispose](); // both have connected
    return stream;
  }

  /** Cuts the guest's serial port off, so that its connection ends when all that the guest has sent was read. */
  async closeSerial(): Promise<void> {
    await this.qmp.execute('chardev-change', { id: 'serial0', backend: { type: 'null', data: {} } });
  }

  /** Says that it is about to be killed, so that its end is no surprise. */
  expectEnd(): void {
    this.#isExpectedToEnd = true;
  }

  /**
   * Waits until it has gone, for which {@link Lifeline.killOthers} or the lifeline's end is to see. May be called again.
   * @throws QmpTimeoutError when it has not within 20 s
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.channels[Symbol.asyncDispose]();
    await withDeadline(
      { timeoutMs: endTimeoutMs },
      (cause) => new QmpTimeoutError('its end', endTimeoutMs, 'environment', { cause }),
      () => this.qmp.closed,
    );
    this.qmp.close();
  }

  async #watch(): Promise<void> {
    try {
      const status = await this.#parts.ended;
      this.#stderr = await this.readStderr();
      this.#exitStatus = status;
      if (!this.#isExpectedToEnd) logUnscoped('alpy.docker', `qemu ended: ${status.text}`);
    } catch {
      // its container has ended, and that is told
    }
  }
}

/** Its folder and files are there, and somebody listens to it. */
async function prepare(
  { lifeline, access, folders }: HypervisorPlace,
  spec: HypervisorSpec,
  scratchDirectory: string,
  wait: Wait,
): Promise<{ readonly channels: Channels; readonly containerPaths: ContainerPaths; readonly scratchDirectory: string }> {
  const paths = containerPaths(access, folders, spec);
  const script = prepareScript(spec, { containerPaths: paths, scratchDirectory });
  if (access.kind === 'copy') await copyFiles(lifeline, spec, paths, wait.signal);
  const here = await channelsHere({ lifeline, access, folders }, spec);
  try {
    await lifeline.runShell(script, wait);
    return {
      channels: here ?? (await listenThere(lifeline, scratchDirectory, wait.signal)),
      containerPaths: paths,
      scratchDirectory,
    };
  } catch (error) {
    await here?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** Sockets of this process, unless QEMU cannot connect to any. */
async function channelsHere({ lifeline, access, folders }: HypervisorPlace, spec: HypervisorSpec): Promise<Channels | undefined> {
  const top = containerPaths(access, folders, { ...spec, directory: folders.run }).run;
  if (access.kind === 'copy' || !lifeline.container.engine.sharesKernel || !canListenIn(top)) return undefined;
  try {
    return await listenHere(folders.run, top);
  } catch (error) {
    logUnscoped('alpy.qemu', `no sockets in ${folders.run}, so the lifeline listens: ${messageOf(error)}`); // not every file system has them
    return undefined;
  }
}

async function copyFiles(
  { container }: Lifeline,
  { machine, disk }: HypervisorSpec,
  paths: ContainerPaths,
  signal?: AbortSignal,
): Promise<void> {
  const captures = machine.nics.map(({ capture }) => ({ path: join(paths.run, capture.file), content: '', mode: 0o666 }));
  await container.write([{ path: imagePath(paths, disk), content: { file: disk.path } }, ...captures], signal);
}

/** @throws QmpClosedError when QEMU ends before */
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

/** What to tell of a QEMU that did not start. */
async function reasonOf(
  error: unknown,
  lifeline: Lifeline,
  scratchDirectory: string,
  ended: Promise<ExitStatus>,
  { machine }: HypervisorSpec,
): Promise<unknown> {
  if (error instanceof QmpTimeoutError)
    return new HypervisorError('QEMU did not start in time', await readStderr(lifeline, scratchDirectory), 'environment');
  if (!(error instanceof QmpClosedError)) return error;
  const status = await raceWithSignal(ended, AbortSignal.timeout(statusTimeoutMs)).catch(() => undefined);
  // who adds arguments of QEMU answers for them
  const isTheirs = machine.extra.length > 0;
  const hint = isTheirs ? ` (appliance.qemuArgs adds ${machine.extra.join(' ')})` : '';
  const what = `QEMU did not start: it ended with ${status?.text ?? 'its container'}${hint}`;
  return new HypervisorError(what, await readStderr(lifeline, scratchDirectory), isTheirs ? 'usage' : 'environment');
}

function stderrFile(scratchDirectory: string): string {
  return join(scratchDirectory, 'stderr');
}

async function readStderr(lifeline: Lifeline, scratchDirectory: string): Promise<string> {
  const script = `cat ${stderrFile(scratchDirectory)}`;
  return lifeline.runShell(script, { timeoutMs: shellTimeoutMs }).catch(() => ''); // then its container's end is told
}
