// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough, type Duplex, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { messageOf, type ErrorDetail } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { logUnscoped } from '../core/step.ts';
import type { Engine } from './engine.ts';
import { ContainerError, ContainerTimeoutError, DaemonError, isDisconnection, statusCodeOf } from './errors.ts';
import type { ExitStatus } from '../core/exit-status.ts';
import { checkLabels } from './image-labels.ts';
import { readFiles, writeFiles, type ContainerFile, type ReadLimits, type TakeFile } from './files.ts';
import type { ContainerSpec } from './spec.ts';
import { createOptions } from './spec.ts';
import { throttle } from './throttle.ts';

/** How long the daemon may take to remove a container, in `ms`. */
const removeTimeoutMs = 20_000;

/** A container for one purpose, which removes itself when it ends. Its output is read from the first byte. */
export class Container implements AsyncDisposable {
  /** its name in messages: `node0` */
  readonly name: string;
  readonly id: string;
  readonly stdin: Duplex;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** how it ended; never fails while the daemon lives */
  readonly exited: Promise<ExitStatus>;
  readonly engine: Engine;
  readonly #container: Docker.Container;
  #exitStatus: ExitStatus | undefined;
  #isExpectedToExit = false;
  #outOfMemoryKills = 0;
  #outputRead: Promise<unknown> = Promise.resolve();
  #removed: Promise<unknown> | undefined;

  private constructor(engine: Engine, name: string, container: Docker.Container, stream: Duplex) {
    this.engine = engine;
    this.name = name;
    this.id = container.id;
    this.#container = container;
    this.stdin = stream;
    ({ stdout: this.stdout, stderr: this.stderr } = demultiplex(engine, stream));
    this.exited = engine.exits.exitOf(container.id).then((status) => {
      this.#exitStatus = status;
      return status;
    });
    markHandled(this.exited.then((status) => this.#logEnd(status)));
  }

  /**
   * Creates and starts a container. Leaves none behind if that fails.
   * @throws ContainerError if the daemon refuses (no such image, no such device, …)
   */
  static async start(engine: Engine, spec: ContainerSpec, signal?: AbortSignal): Promise<Container> {
    const container = await Container.create(engine, spec, signal);
    try {
      if (spec.startsAfter) await raceWithSignal(spec.startsAfter, signal);
      await container.run(signal);
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Creates a container without starting it. Leaves none behind if that fails.
   * @throws ContainerError if the daemon refuses
   * @throws UsageError if its image falsifies the daemon's events; see {@link checkLabels}
   */
  static async create(engine: Engine, spec: ContainerSpec, signal?: AbortSignal): Promise<Container> {
    const uniqueName = engine.uniqueName(spec.name);
    const handle = engine.docker.getContainer(uniqueName); // by name, because a request to create it that was cancelled may have succeeded
    engine.guard();
    try {
      const labelsChecked = checkLabels(engine, spec.image, signal);
      markHandled(labelsChecked); // awaited when the container exists, so that it can be removed
      const created = await engine.call(`create the container of ${spec.name}`, signal, () =>
        engine.docker.createContainer({ ...createOptions(spec, engine.labels), name: uniqueName }),
      );
      await labelsChecked;
      if (spec.files && spec.files.length > 0) await writeFiles(engine, created, spec.name, spec.files, signal);
      const stream = await engine.call(`attach to ${spec.name}`, signal, () =>
        created.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true }),
      );
      return new Container(engine, spec.name, created, stream as Duplex);
    } catch (error) {
      await removeContainer(handle, spec.name);
      throw error;
    }
  }

  /** Starts a container that was only created. @throws ContainerError if the daemon refuses */
  async run(signal?: AbortSignal): Promise<void> {
    await this.engine.call(`start the container of ${this.name}`, signal, () => this.#container.start());
  }

  /** how it ended, if it has */
  get exitStatus(): ExitStatus | undefined {
    return this.#exitStatus;
  }

  /** how often the kernel has killed a process of it because of its limit of memory */
  get outOfMemoryKills(): number {
    return this.#outOfMemoryKills || this.engine.exits.outOfMemoryKills(this.id);
  }

  /**
   * Waits until it has exited.
   * @param details - called for the error after the deadline
   * @throws {@link ContainerTimeoutError} if it still runs after `wait.timeoutMs`
   */
  async waitForExit(wait: Wait, details: () => readonly ErrorDetail[] = () => []): Promise<ExitStatus> {
    return withDeadline(
      wait,
      (cause) => new ContainerTimeoutError(this.name, 'its end', wait.timeoutMs, { cause, details: details() }),
      () => this.exited,
    );
  }

  /**
   * Waits until it runs. A container from {@link Container.start} already runs, unless it has ended since.
   * @throws ContainerError if it has ended
   */
  async waitUntilRunning(wait: Wait): Promise<void> {
    const { State } = await withDeadline(
      wait,
      (cause) => new ContainerTimeoutError(this.name, 'it to run', wait.timeoutMs, { cause }),
      (signal) => this.engine.call(`inspect ${this.name}`, signal, () => this.#container.inspect()),
    );
    if (!State.Running) throw new ContainerError(`expected ${this.name} to run, but it is ${State.Status}`);
  }

  /** Sends a signal to its first process; does nothing if it has ended. */
  async kill(signalName: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#exitStatus) return;
    try {
      await this.engine.call(`send ${signalName} to ${this.name}`, undefined, () => this.#container.kill({ signal: signalName }));
    } catch (error) {
      if (![404, 409].includes(statusCodeOf(error) ?? 0)) throw error; // removed or not running: it has just ended
    }
  }

  /** Delays the log entry of its end until its output has been read, to keep the order. */
  logEndAfter(outputRead: Promise<unknown>): void {
    this.#outputRead = outputRead;
  }

  async #logEnd(status: ExitStatus): Promise<void> {
    const isUnexpected = !this.#isExpectedToExit;
    await this.#outputRead;
    if (isUnexpected) logUnscoped('alpy.docker', `${this.name} ended: ${status.text}`);
  }

  /** From now on its end is expected and not logged. */
  expectExit(): void {
    this.#isExpectedToExit = true;
  }

  /**
   * Copies files into it.
   * @param folder - a folder that contains all of them; if the container's root is read-only, it must be a volume
   * @throws ContainerError if the daemon refuses
   */
  async write(files: readonly ContainerFile[], signal?: AbortSignal, folder?: string): Promise<void> {
    await writeFiles(this.engine, this.#container, this.name, files, signal, folder);
  }

  /**
   * Copies files out of it; see {@link readFiles}.
   * @throws ContainerError if there is no such path or it has more than the limits allow; what `take` throws
   */
  async readEach(path: string, limits: ReadLimits, take: TakeFile, signal?: AbortSignal): Promise<void> {
    await readFiles(this.engine, this.#container, { name: this.name, path, limits, take }, signal);
  }

  /**
   * Reads a file of it.
   * @param maxBytes - its maximum size
   * @returns `undefined` if the path is not a regular file
   * @throws ContainerError if there is no such path or it is too large
   */
  async read(path: string, maxBytes: number, signal?: AbortSignal): Promise<Buffer | undefined> {
    let found: Buffer | undefined;
    const take: TakeFile = async (_, content) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk as Uint8Array);
      found = Buffer.concat(chunks);
    };
    await this.readEach(path, { entries: 1, bytes: maxBytes }, take, signal);
    return found;
  }

  /** the Engine API's handle, for this folder only @internal */
  get handle(): Docker.Container {
    return this.#container;
  }

  /** To be called when its lifeline is being killed: releasing it then only waits until the daemon has removed it. */
  expectRemoval(): void {
    this.#isExpectedToExit = true;
    if (this.#removed) return;
    const isRemoved = raceWithSignal(this.engine.exits.removalOf(this.id), AbortSignal.timeout(removeTimeoutMs));
    this.#removed = isRemoved.catch(() => removeContainer(this.#container, this.name));
    markHandled(this.#removed); // whoever releases it gets the error
  }

  /** Kills and removes it, and waits until it is gone. May be called more than once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isExpectedToExit = true;
    this.#removed ??= removeContainer(this.#container, this.name, () => this.engine.exits.removalOf(this.id));
    try {
      await this.#removed;
    } finally {
      this.stdin.destroy(); // even if it could not be removed: an open stream keeps the process alive
      this.#outOfMemoryKills = this.outOfMemoryKills;
      this.engine.exits.forget(this.id);
    }
  }
}

/** Splits the stream of an attached container or exec; each side ends with it. */
export function demultiplex(engine: Engine, stream: Duplex): { readonly stdout: PassThrough; readonly stderr: PassThrough } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  engine.docker.modem.demuxStream(stream, stdout, stderr);
  throttle(stream);
  const end = (): void => {
    stdout.end();
    stderr.end();
  };
  stream.on('end', end);
  stream.on('close', end);
  stream.on('error', end); // the daemon closed the connection; the exit status shows why
  return { stdout, stderr };
}

/**
 * Kills and removes a container, and waits until the daemon no longer has it.
 * @param removed - waits for the event of its removal, in case it is just removing itself; absent if no events are received for it
 * @returns whether this call removed it; false if it removed itself
 * @throws ContainerError if the daemon refuses, or takes longer than 20 s
 * @throws DaemonError if the daemon is gone
 */
export async function removeContainer(
  container: Docker.Container,
  name: string,
  removed?: () => Promise<void>,
): Promise<boolean> {
  return withDeadline(
    { timeoutMs: removeTimeoutMs },
    (cause) => new ContainerError(`cannot remove ${name}: it still exists after ${removeTimeoutMs / 1000} s`, { cause }),
    async (abortSignal) => {
      try {
        await container.remove({ force: true, v: true, abortSignal });
        return true;
      } catch (error) {
        abortSignal.throwIfAborted();
        if (error instanceof DaemonError) throw error; // the daemon is lost
        const status = statusCodeOf(error);
        if (status === 404) return false; // it removed itself
        const what = `cannot remove ${name}: ${messageOf(error)}`;
        if (isDisconnection(error))
          throw new DaemonError(`${what}. The Docker daemon was probably stopped`, 'docker version', { cause: error });
        if (status !== 409) throw new ContainerError(what, { cause: error });
        await removed?.(); // it is just removing itself
        return false;
      }
    },
  );
}
