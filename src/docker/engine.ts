// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { release } from 'node:os';
import type Dockerode from 'dockerode';
import { addWitness, raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { AlpyError, messageOf } from '../core/errors.ts';
import { ownIdentity } from '../core/identity.ts';
import { reach, type Connection, type ReachOptions } from './connect.ts';
import { ContainerError, DaemonError, daemonError, statusCodeOf } from './errors.ts';
import { ExitEvents } from './events.ts';
import { atSocket, daemonPlace, type DaemonPlace } from './place.ts';
import { Requests } from './requests.ts';
import { DaemonWatch, type WatchLimits } from './watch.ts';

/** Label of everything that belongs to a run; its value is the run's identifier. */
export const runLabel = 'io.alpy.run';
/** Label of everything that belongs to a job of a CI system; its value is the job's identifier. */
export const jobLabel = 'io.alpy.job';
/** Label of every container: the process that made it. Nobody else starts it or holds its lifeline. */
export const ownerLabel = 'io.alpy.owner';

/** Where the daemon is, and for whom containers are made. */
export interface EngineOptions extends ReachOptions, WatchLimits {
  /** the daemon's unix socket; absent for the daemon that the `docker` command uses */
  readonly socketPath?: string | undefined;
  /** identifier of the run, for labels and names; absent for a new one */
  readonly runId?: string | undefined;
  /** identifier of the CI job, for a label */
  readonly jobId?: string | undefined;
}

const hurriedLostMs = 3000;

/** How long an answer may take when a connection is opened, in `ms`. */
export const connectTimeoutMs = 15_000;

/** A new identifier of a run: short, since it is part of every container's name. */
export function newRunId(): string {
  return randomBytes(4).toString('hex');
}

/** A connection to a Docker daemon on behalf of one run. */
export class Engine implements Disposable {
  readonly docker: Dockerode;
  readonly runId: string;
  /** labels of all that is made here */
  readonly labels: Readonly<Record<string, string>>;
  /** version of the daemon */
  readonly version: string;
  /** whether it runs on this kernel, and not in a virtual machine or elsewhere: then sockets can be shared as files are */
  readonly sharesKernel: boolean;
  /** where the daemon is, and why there */
  readonly place: DaemonPlace;
  readonly exits: ExitEvents;
  readonly #requests: Requests;
  readonly #lost = new AbortController();
  readonly #watch: DaemonWatch;
  readonly #witness: Disposable;
  #count = 0;

  private constructor(
    { place, docker, requests, version }: Connection,
    exits: ExitEvents,
    runId: string,
    options: EngineOptions,
  ) {
    const { jobId } = options;
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
    });
  }

  /**
   * Connects to the daemon and checks that it answers.
   * @param options - without `socketPath`, the daemon that the `docker` command uses
   * @param wait - how long an answer may take once something listens there; default 15 s
   * @throws DaemonError when no daemon answers, or it may not be used; says what to do
   */
  static async connect(options: EngineOptions = {}, wait: Wait = { timeoutMs: connectTimeoutMs }): Promise<Engine> {
    const runId = options.runId ?? newRunId();
    const { socketPath } = options;
    // eslint-disable-next-line no-restricted-properties -- every process of a run has to find the daemon that `docker` would
    const place = socketPath === undefined ? daemonPlace(process.env) : atSocket(socketPath, 'as asked', false);
    const connection = await reach(place, options, wait);
    const { docker, requests } = connection;
    try {
      const exits = await withDeadline(
        wait,
        () => daemonError(place.address, new Error(`no events within ${wait.timeoutMs} ms`)),
        (signal) => requests.until(signal, () => ExitEvents.open(docker, `${runLabel}=${runId}`)),
      );
      return new Engine(connection, exits, runId, options);
    } catch (error) {
      requests[Symbol.dispose]();
      wait.signal?.throwIfAborted();
      throw error instanceof DaemonError ? error : daemonError(place.address, error);
    }
  }

  /** address of the daemon, as a person knows it */
  get address(): string {
    return this.place.address;
  }

  /** fires when the daemon has gone, or has been silent for so long that it is given up; the reason is an EnvironmentError */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Gives the daemon up when it is silent for 3 s, or has been already: for somebody who waits for the end. */
  hurry(): void {
    this.#watch.hurry(hurriedLostMs);
  }

  /** A name for a container that no other has, of the characters that Docker allows. */
  uniqueName(role: string): string {
    this.#count += 1;
    return `alpy-${this.runId}-${process.pid}-${this.#count}-${role.replace(/[^A-Za-z0-9_.-]/g, '-')}`;
  }

  /**
   * Calls the Engine API; the one place where its errors become ours. What is not answered when the signal fires is aborted.
   * @param what - what for, as the message shall name it: `create the container of node0`
   * @throws {@link ContainerError} when the daemon refuses
   * @throws DaemonError when it has gone, or has been given up; the signal's reason
   */
  async call<T>(what: string, signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      const answer = this.#requests.until(signal, body);
      return await raceWithSignal(answer, signal);
    } catch (error) {
      signal?.throwIfAborted(); // cancelled is not failed: the signal's reason goes on
      if (error instanceof AlpyError) throw error; // given up
      if (statusCodeOf(error) === undefined && error instanceof Error && 'syscall' in error)
        throw daemonError(this.address, error);
      throw new ContainerError(`cannot ${what}: ${engineMessage(error)}`, { cause: error });
    }
  }

  /** Closes all that is open, so that nothing of it keeps the process alive. */
  [Symbol.dispose](): void {
    this.#witness[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    this.exits[Symbol.dispose]();
    this.#requests[Symbol.dispose]();
  }
}

/** What the daemon said, without the client's "(HTTP code 500) server error - ". */
function engineMessage(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
}
