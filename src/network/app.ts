// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../core/deadline.ts';
import { UsageError, type ErrorDetail, type Fault } from '../core/errors.ts';
import { programEnd, type ExitStatus } from '../core/exit-status.ts';
import { describePattern, type Pattern } from '../core/pattern.ts';
import { log, step } from '../core/step.ts';
import {
  appDetails,
  AppEndedError,
  Container,
  ContainerTimeoutError,
  ExecError,
  FileCopies,
  isWrongCommand,
  trafficCapabilities,
  type AppEnd,
  type Blame,
  type ContainerSpec,
  type Engine,
  type Lifeline,
} from '../docker/index.ts';
import { Collector } from './collector.ts';
import { limitHint, limitsOf, type AppLimits } from './app-limits.ts';
import { check, type AppResult, type AppWaitOptions, type InternalAppSpec } from './app-options.ts';

/** Where apps are started. */
export interface AppPlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** a folder of this machine that the daemon sees, for copies of files; absent if it sees none */
  readonly filesFolder?: string | undefined;
}

/** Image of an app. */
export interface AppImage {
  readonly reference: string;
  /** folders that it declares as volumes */
  readonly volumes: readonly string[];
}

/** How long to wait for an app by default, in `ms`. */
const waitTimeoutMs = 60_000;

/** A container that shares a node's network namespace. Its output is logged line by line. */
export class App implements AsyncDisposable {
  readonly name: string;
  readonly container: Container;
  readonly #command: readonly string[];
  readonly #limits: AppLimits;
  readonly #stdout: Collector;
  readonly #stderr: Collector;
  #isAwaited = false;
  /** signals that {@link App.kill} has sent */
  readonly #sentSignals = new Set<NodeJS.Signals>();

  private constructor(container: Container, command: readonly string[], limits: AppLimits) {
    this.#limits = limits;
    this.name = container.name;
    this.container = container;
    this.#command = command;
    this.#stdout = new Collector(container.stdout, this.name);
    this.#stderr = new Collector(container.stderr, this.name);
    container.logEndAfter(Promise.all([this.#stdout.ended, this.#stderr.ended]));
  }

  /**
   * Starts an app.
   * @throws UsageError if the image does not have the program, or an app may not have the capability
   * @throws ContainerError when the daemon refuses
   */
  static async start(place: AppPlace, spec: InternalAppSpec, image: AppImage, signal?: AbortSignal): Promise<App> {
    const { node, command } = spec;
    const label = spec.name ?? command?.[0]?.split('/').at(-1) ?? 'app';
    const name = `${label}@${node.name}`;
    return step('alpy.network', `Start ${name}`, async () => {
      await using copies = await copyFiles(place, spec);
      const container = await Container.start(place.engine, { name, ...containerSpec(place, spec, image, copies) }, signal).catch(
        (error: unknown) => {
          throw isWrongCommand(error) ? new UsageError(`${image.reference}: ${error.message}`, { cause: error }) : error;
        },
      );
      return new App(container, command ?? [], spec);
    });
  }

  /** its exit status, if it has ended; see {@link AppResult} */
  get exitStatus(): number | undefined {
    return this.container.exitStatus?.code;
  }

  /** the signal that ended it, if one did */
  get signal(): NodeJS.Signals | undefined {
    return this.container.exitStatus?.signal;
  }

  /**
   * Waits until it has ended.
   * @param options - `timeoutMs`: default 60 s
   * @throws ExecError with the output, if the exit status is not 0
   * @throws ContainerTimeoutError if it is still running at the deadline
   */
  async wait(options: AppWaitOptions = {}): Promise<AppResult> {
    check.wait(arguments);
    this.#isAwaited = true;
    const wait = { ...options, timeoutMs: options.timeoutMs ?? waitTimeoutMs };
    const exitStatus = await step('alpy.network', `Wait for ${this.name} to end`, () =>
      this.container.waitForExit(wait, () => this.#details()),
    );
    const [stdout, stderr] = await Promise.all([this.#stdout.text(), this.#stderr.text()]);
    const droppedBytes = this.#stdout.droppedBytes + this.#stderr.droppedBytes;
    if (droppedBytes > 0) log('alpy.app', `${this.name}: its output is long; the first ${droppedBytes} bytes were dropped`);
    if (exitStatus.code !== 0 && options.check !== false)
      throw new ExecError(this.name, this.#command, exitStatus, stdout, stderr, this.#blame(exitStatus, 'device'));
    return { ...programEnd(exitStatus), stdout, stderr, droppedBytes };
  }

  /**
   * Waits until a line of its output matches: contains a text, or a match of a regular expression. Earlier lines count.
   * @param options - `timeoutMs`, default 60 s
   * @throws AppEndedError if it ends without a matching line
   * @throws ContainerTimeoutError if no line matches in time
   */
  async waitForOutput(pattern: Pattern, options: Partial<Wait> = {}): Promise<string> {
    check.waitForOutput(arguments);
    const wait = { ...options, timeoutMs: options.timeoutMs ?? waitTimeoutMs };
    return withDeadline(
      wait,
      (cause) =>
        new ContainerTimeoutError(this.name, `a line of its output that matches ${describePattern(pattern)}`, wait.timeoutMs, {
          cause,
          details: this.#details(),
        }),
      async (signal) => {
        const found = await Promise.race([
          this.#stdout.line(pattern, signal),
          this.#stderr.line(pattern, signal),
          this.container.exited.then(async () => {
            await Promise.all([this.#stdout.ended, this.#stderr.ended]);
            return undefined;
          }),
        ]);
        if (found === undefined)
          throw this.#ended(
            await this.container.exited,
            `and no line of its output matched ${describePattern(pattern)}`,
            'device',
          );
        return found;
      },
    );
  }

  /** Waits until it runs. @throws ContainerError if it has ended */
  async waitUntilRunning(wait: Wait): Promise<void> {
    check.waitUntilRunning(arguments);
    await this.container.waitUntilRunning(wait);
  }

  /** Sends a signal. From then on the app may end at any time. @throws ContainerError when the daemon refuses */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    check.kill(arguments);
    this.#isAwaited = true;
    this.#sentSignals.add(signal);
    await this.container.kill(signal);
  }

  /** Calls `take` with each line of its output, also with those so far. For alpy's own apps. */
  onLine(take: (line: string) => void): void {
    this.#stdout.onLine(take);
    this.#stderr.onLine(take);
  }

  /** From now on it may end at any time. For alpy's own apps. */
  expectEnd(): void {
    this.#isAwaited = true;
    this.container.expectExit();
  }

  /** Fails when it ends. For alpy's own apps. @param what - continues the message @throws AppEndedError */
  async failAtEnd(what: string): Promise<never> {
    const exitStatus = await this.container.exited;
    await Promise.all([this.#stdout.ended, this.#stderr.ended]);
    throw this.#ended(exitStatus, what, 'usage');
  }

  /** What to add to an error about it. For alpy's own apps. */
  details(): readonly ErrorDetail[] {
    return this.#details();
  }

  /** The last 16 MiB of its standard output so far. */
  get output(): string {
    return this.#stdout.textSoFar();
  }

  /**
   * Checks that it has not ended unexpectedly: without `wait` or `kill`, an app should run as long as the testbed.
   * @throws AppEndedError if it has
   */
  checkAlive(): void {
    check.checkAlive(arguments);
    const { exitStatus } = this.container;
    if (!exitStatus || this.#isAwaited) return;
    const what = 'but the test did not wait for that: call wait(), or let it run until the test ends';
    throw this.#ended(exitStatus, what, 'usage');
  }

  #ended(exitStatus: ExitStatus, what: string, otherwise: Fault): AppEndedError {
    const blame = this.#blame(exitStatus, otherwise);
    return new AppEndedError(this.name, { ...this.#outputSoFar(), exitStatus, what, blame });
  }

  #outputSoFar(): Pick<AppEnd, 'command' | 'stdout' | 'stderr'> {
    return { command: this.#command, stdout: this.#stdout.textSoFar(), stderr: this.#stderr.textSoFar() };
  }

  #details(): readonly ErrorDetail[] {
    const hint = this.#limitHint();
    const limits = hint === undefined ? [] : [{ title: 'Limits of the app', lines: [hint] }];
    return [...appDetails(this.#outputSoFar()), ...limits];
  }

  #limitHint(): string | undefined {
    const { stdout, stderr } = this.#outputSoFar();
    return limitHint(this.#limits, { ranOutOfMemory: this.container.outOfMemoryKills > 0, signal: this.signal, stdout, stderr });
  }

  /** @param otherwise - whose fault it is, unless the test has sent the signal that ended the app, or the app has hit a limit */
  #blame({ code, signal }: ExitStatus, otherwise: Fault): Blame | Fault {
    if (signal !== undefined && this.#sentSignals.has(signal))
      return { fault: 'usage', hint: `the test sent ${signal} (app.kill)` };
    const hint = code === 0 ? undefined : this.#limitHint();
    return hint === undefined ? otherwise : { fault: 'usage', hint };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container[Symbol.asyncDispose]();
    for (const output of [this.#stdout, this.#stderr]) output.close();
  }
}

/** Returns `undefined` if the app's files need not be mounted, because its root is writable. */
async function copyFiles(
  { filesFolder }: AppPlace,
  { files = [], writableRoot }: InternalAppSpec,
): Promise<FileCopies | undefined> {
  if (files.length === 0 || writableRoot === true || filesFolder === undefined) return undefined;
  return FileCopies.create(filesFolder, files);
}

function containerSpec(
  { lifeline }: AppPlace,
  spec: InternalAppSpec,
  image: AppImage,
  copies: FileCopies | undefined,
): Omit<ContainerSpec, 'name'> {
  const { node, command, entrypoint, environment, workingDirectory, user, capabilities, exactCapabilities, devices } = spec;
  const files = copies ? [] : (spec.files ?? []);
  const limits = limitsOf(spec, image.volumes);
  const own = [...(copies?.mounts ?? []), ...(spec.mounts ?? [])];
  const shared = (node.shared.mounts ?? []).filter(({ target }) => !own.some((mount) => mount.target === target));
  return {
    image: image.reference,
    command,
    entrypoint,
    environment,
    files,
    workingDirectory,
    user,
    devices,
    networkMode: node.shared.networkMode,
    mounts: [...shared, ...own],
    pidMode: lifeline.namespace,
    ...limits,
    ...(files.length > 0 ? { readOnlyRoot: false } : {}), // the daemon copies no files into a read-only root
    ...(exactCapabilities
      ? { dropAllCapabilities: true, addCapabilities: exactCapabilities }
      : trafficCapabilities(capabilities)),
  };
}
