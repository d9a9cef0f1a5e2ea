// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { release } from 'node:os';
import type Dockerode from 'dockerode';
import { addWitness, raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { durationText } from '../core/text.ts';
import { AlpyError, messageOf } from '../core/errors.ts';
import { ownIdentity } from '../core/identity.ts';
import { reach, type Connection, type ReachOptions } from './connect.ts';
import { ContainerError, DaemonError, daemonError, isDisconnection } from './errors.ts';
import { ExitEvents } from './events.ts';
import { Guard, type GuardNote } from './guard.ts';
import { atSocket, daemonPlace, type DaemonPlace } from './place.ts';
import { Requests } from './requests.ts';
import { DaemonWatch, type WatchLimits } from './watch.ts';

/** Label of everything that belongs to a run; its value is the run's identifier. */
export const runLabel = 'io.alpy.run';
/** Label of everything that belongs to a job of a CI system; its value is the job's identifier. */
export const jobLabel = 'io.alpy.job';
/** Label of every container: the process that created it, starts it and holds its lifeline. */
export const ownerLabel = 'io.alpy.owner';

/** Address of the daemon, and labels for the containers. */
export interface EngineOptions extends ReachOptions, WatchLimits {
  /** the daemon's Unix socket; default: the daemon that the `docker` command uses */
  readonly socketPath?: string | undefined;
  /** identifier of the run, for labels and names; default: a new one */
  readonly runId?: string | undefined;
  /** identifier of the CI job, for a label */
  readonly jobId?: string | undefined;
  /** whether a process removes what this one leaves if it is killed; default: yes. No if the guard of another process of the run does */
  readonly isGuarded?: boolean | undefined;
}

const hurriedLostMs = 3000;

/** How long an answer may take when a connection is opened, in `ms`. */
export const connectTimeoutMs = 15_000;

/** Creates an identifier of a run. It is short because it is part of every container's name. */
export function newRunId(): string {
  return randomBytes(4).toString('hex');
}

/** A connection to a Docker daemon on behalf of one run. */
export class Engine implements Disposable {
  /** the client of the Engine API @internal */
  readonly docker: Dockerode;
  readonly runId: string;
  /** labels of every container that is created here */
  readonly labels: Readonly<Record<string, string>>;
  /** version of the daemon */
  readonly version: string;
  /** whether the daemon runs on this kernel, not in a virtual machine or on another host; only then can containers share sockets with us */
  readonly sharesKernel: boolean;
  /** address of the daemon, and what chose it */
  readonly place: DaemonPlace;
  readonly exits: ExitEvents;
  readonly #requests: Requests;
  readonly #lost = new AbortController();
  readonly #watch: DaemonWatch;
  readonly #witness: Disposable;
  readonly #startGuard: (() => Guard) | undefined;
  #guard: Guard | undefined;
  #count = 0;

  private constructor(
    { place, docker, requests, version }: Connection,
    exits: ExitEvents,
    runId: string,
    options: EngineOptions,
  ) {
    const { jobId, socketPath, isGuarded = true } = options;
    this.docker = docker;
    this.place = place;
    this.version = version.Version;
    this.sharesKernel = version.KernelVersion === release();
    this.exits = exits;
    this.runId = runId;
    const owner = ownIdentity();
    this.labels = {
      [runLabel]: runId,
      ...(jobId === undefined ? {} : { [jobLabel]: jobId }),
      ...(owner === undefined ? {} : { [ownerLabel]: owner }),
    };
    this.#startGuard = isGuarded ? () => Guard.start({ runId, socketPath }) : undefined;
    this.#requests = requests;
    const ping = docker.ping.bind(docker) as unknown as (options: { abortSignal: AbortSignal }) => Promise<unknown>; // not in the types
    const daemon = { address: place.address, ping: (abortSignal: AbortSignal) => ping({ abortSignal }) };
    this.#watch = new DaemonWatch(daemon, options, (error) => {
      exits.fail(error);
      requests.giveUp(error);
    });
    this.#witness = addWitness((startMs) => this.#watch.explain(startMs));
    void exits.failed.then((error) => {
      this.#lost.abort(error);
      requests.failPending(error);
    });
  }

  /**
   * Connects to the daemon and checks that it answers.
   * @param options - without `socketPath`, the daemon that the `docker` command uses
   * @param wait - how long an answer may take once something listens there; default: 15 s
   * @throws DaemonError if no daemon answers or access is denied; its remedy says what to do
   */
  static async connect(options: EngineOptions = {}, wait: Wait = { timeoutMs: connectTimeoutMs }): Promise<Engine> {
    const runId = options.runId ?? newRunId();
    const { socketPath } = options;
    // eslint-disable-next-line no-restricted-properties -- every process of a run must find the same daemon as `docker`
    const place = socketPath === undefined ? daemonPlace(process.env) : atSocket(socketPath, 'as asked', false);
    const connection = await reach(place, options, wait);
    const { docker, requests } = connection;
    try {
      const exits = await withDeadline(
        wait,
        () => daemonError(place.address, new Error(`no events within ${durationText(wait.timeoutMs)}`)),
        (signal) => requests.until(signal, () => ExitEvents.open(docker, `${runLabel}=${runId}`)),
      );
      return new Engine(connection, exits, runId, options);
    } catch (error) {
      requests[Symbol.dispose]();
      wait.signal?.throwIfAborted();
      throw error instanceof DaemonError ? error : daemonError(place.address, error);
    }
  }

  /** address of the daemon, for messages */
  get address(): string {
    return this.place.address;
  }

  /** fires when the daemon has stopped, or has been silent for too long; the reason is an EnvironmentError */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Shortens the silence after which the daemon counts as lost to 3 s, because a user waits for the program to end. */
  hurry(): void {
    this.#watch.hurry(hurriedLostMs);
  }

  /** Starts what cleans up if this process is killed, unless it runs. @param notes - what else to remove then */
  guard(...notes: readonly GuardNote[]): void {
    this.#guard ??= this.#startGuard?.();
    for (const note of notes) this.#guard?.note(note);
  }

  /** Creates a unique name for a container, of characters that Docker allows. */
  uniqueName(role: string): string {
    this.#count += 1;
    return `alpy-${this.runId}-${process.pid}-${this.#count}-${role.replace(/[^A-Za-z0-9_.-]/g, '-')}`;
  }

  /**
   * Calls the Engine API, and converts its errors to alpy's. When the signal fires, requests without an answer are aborted.
   * @param what - purpose, for messages: `create the container of node0`
   * @throws {@link ContainerError} if the daemon refuses
   * @throws DaemonError if the daemon has stopped or counts as lost; the signal's reason
   */
  async call<T>(what: string, signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      const answer = this.#requests.until(signal, body);
      return await raceWithSignal(answer, signal);
    } catch (error) {
      signal?.throwIfAborted(); // a cancelled call is not a failure: throw the signal's reason
      if (error instanceof AlpyError) throw error; // the daemon is lost
      if (isDisconnection(error)) throw daemonError(this.address, error);
      throw new ContainerError(`cannot ${what}: ${engineMessage(error)}`, { cause: error });
    }
  }

  /**
   * Closes all connections, so that none keeps the process alive. If the daemon is lost, the guard cleans up when it is back: this
   * process cannot wait for that.
   */
  [Symbol.dispose](): void {
    if (this.#lost.signal.aborted) this.#guard?.takeOver();
    else this.#guard?.[Symbol.dispose]();
    this.#witness[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    this.exits[Symbol.dispose]();
    this.#requests[Symbol.dispose]();
  }
}

/** The daemon's message, without the client's "(HTTP code 500) server error - ". */
function engineMessage(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
}
