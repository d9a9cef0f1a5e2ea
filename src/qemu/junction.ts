// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { raceWithSignal, type Wait } from '../core/deadline.ts';
import { EnvironmentError } from '../core/errors.ts';
import { escapeCommas } from '../core/qemu-arguments.ts';
import { step } from '../core/step.ts';
import { quoteWord } from '../core/text.ts';
import { startExec, type Container, type Execution, type FileAccess } from '../docker/index.ts';
import { clockBase, GuestClock } from './clock.ts';
import { HypervisorError, QmpClosedError, QmpTimeoutError } from './errors.ts';
import { machinelessCommand } from './machineless.ts';
import type { QemuContainer } from './qemu-container.ts';
import { waitForEnd } from './qemu-end.ts';
import { readStderr, stderrFile } from './qemu-output.ts';
import { copiedFolder, runFolderOf } from './qemu-files.ts';
import { QmpClient } from './qmp.ts';

/** A hub of a junction. */
export interface JunctionHub {
  /** names of the taps at it; each is also the identifier of its backend in QEMU */
  readonly taps: readonly string[];
  /** records the frames at the first tap, which every frame passes */
  readonly capture: { readonly id: string; readonly file: string };
}

/** Where a junction runs. */
export interface JunctionPlace {
  readonly container: QemuContainer;
  readonly access: FileAccess;
  /** absolute path of the folder on this machine with the captures */
  readonly exchange: string;
  /** settles when the taps exist */
  readonly tapsCreated: Promise<void>;
}

/** How long QEMU may take to start on a busy machine, in `ms`. */
const startTimeoutMs = 60_000;

/**
 * What joins nodes on a link without a device: a QEMU without a machine. Its taps are the interfaces of the nodes. Each of its hubs sends
 * every frame to all other taps. It records frames as the QEMU of a device does, and they can be impaired there in the same way.
 */
export class Junction implements AsyncDisposable {
  readonly qmp: QmpClient;
  /** folder of the captures, as QEMU sees it */
  readonly directory: string;
  /** a folder in its container that only this junction uses */
  readonly scratchDirectory: string;
  /** converts the times in its captures */
  readonly clock = new GuestClock();
  /** what the times in its captures are relative to */
  readonly clockStart: Date;
  readonly #container: QemuContainer;
  #isExpectedToEnd = false;
  #hasEnded = false;

  private constructor(qmp: QmpClient, container: QemuContainer, clockStart: Date, directory: string, scratchDirectory: string) {
    this.qmp = qmp;
    this.#container = container;
    this.clockStart = clockStart;
    this.directory = directory;
    this.scratchDirectory = scratchDirectory;
    qmp.onEvent((event) => {
      this.clock.take(event);
    });
    void qmp.closed.then(() => {
      this.#hasEnded = !this.#isExpectedToEnd;
    });
  }

  /**
   * Starts QEMU. Frames pass when the promise resolves.
   * @throws HypervisorError with QEMU's error output, if QEMU exits or does not start in time
   * @throws ContainerError, ContainerDiedError if its container cannot run
   */
  static async start(place: JunctionPlace, hubs: readonly JunctionHub[], signal: AbortSignal): Promise<Junction> {
    return step('alpy.qemu', 'Start QEMU for the links between nodes', async () => {
      const { container, access, exchange, tapsCreated } = place;
      const wait = { timeoutMs: startTimeoutMs, signal };
      const [directory, scratchDirectory] = [runFolderOf(access, exchange), container.newFolder()];
      if (access.kind === 'copy') {
        const files = hubs.map(({ capture }) => ({ path: join(directory, capture.file), content: '', mode: 0o666 }));
        await container.container.write(files, signal, copiedFolder);
      }
      await container.runShell(`mkdir -p ${scratchDirectory}`, wait);
      await raceWithSignal(tapsCreated, signal);
      const clockStart = new Date();
      const command = junctionArguments(hubs, directory, clockStart).map(quoteWord).join(' ');
      const script = `exec ${command} 2>${stderrFile(scratchDirectory)}`;
      const execution = await startExec(container.container, { command: ['sh', '-c', script] }, signal);
      const qmp = await openMonitor(execution, container, scratchDirectory, wait);
      const junction = new Junction(qmp, container, clockStart, directory, scratchDirectory);
      await qmp.execute('cont', undefined, wait); // its clock starts, and with it the captures
      return junction;
    });
  }

  /** the container in which it runs and that contains its files */
  get container(): Container {
    return this.#container.container;
  }

  /** why frames may be missing, if QEMU has ended unexpectedly */
  get failure(): EnvironmentError | undefined {
    if (!this.#hasEnded) return undefined;
    return new EnvironmentError(
      'expected QEMU to pass frames between nodes until the testbed ends, but it exited. dmesg shows whether memory ran out',
    );
  }

  /** Reads QEMU's warnings and errors so far. Returns an empty string if its container has ended. */
  async readStderr(): Promise<string> {
    return readStderr(this.#container, this.scratchDirectory);
  }

  /** Announces that QEMU will be killed, so that its end is no failure. */
  expectEnd(): void {
    this.#isExpectedToEnd = true;
  }

  /**
   * Waits until QEMU has ended; the owner of its container kills it. May be called again.
   * @throws QmpTimeoutError if it has not ended within 20 s
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await waitForEnd(this.qmp);
  }
}

/**
 * Waits for QEMU's monitor, which is on its standard input and output.
 * @throws HypervisorError with QEMU's error output, if QEMU exits or the monitor does not answer in time
 */
export async function openMonitor(
  { stdin, stdout, stderr }: Pick<Execution, 'stdin' | 'stdout' | 'stderr'>,
  container: QemuContainer,
  scratchDirectory: string,
  wait: Wait,
): Promise<QmpClient> {
  stderr.resume(); // a file has it
  try {
    return await QmpClient.open({ input: stdout, output: stdin }, wait);
  } catch (error) {
    const isLate = error instanceof QmpTimeoutError;
    if (!isLate && !(error instanceof QmpClosedError)) throw error;
    const what = `QEMU for the links between nodes did not start${isLate ? ' in time' : ''}`;
    throw new HypervisorError(what, await readStderr(container, scratchDirectory), 'environment');
  }
}

/**
 * The command of QEMU for a junction, whose clock is halted. Pure.
 * @param directory - folder of the captures
 */
export function junctionArguments(hubs: readonly JunctionHub[], directory: string, clockStart: Date): readonly string[] {
  return [
    ...machinelessCommand,
    ...['-S', '-rtc', `base=${clockBase(clockStart)},clock=vm`],
    ...hubs.flatMap(({ taps, capture: { id, file } }, hub) => [
      ...taps.flatMap((tap) => [
        ...['-netdev', `tap,id=${tap},ifname=${tap},script=no,downscript=no,vhost=off,vnet_hdr=off`],
        ...['-netdev', `hubport,id=${tap}-port,hubid=${hub},netdev=${tap}`],
      ]),
      ...['-object', `filter-dump,id=${id},netdev=${taps[0]},file=${escapeCommas(join(directory, file))}`],
    ]),
  ];
}
