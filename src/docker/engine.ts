// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { release } from 'node:os';
import type Dockerode from 'dockerode';
import { untilAborted, withDeadline, type Wait } from '../core/deadline.ts';
import { Docker } from './dockerode.ts';
import { ContainerError, daemonError, statusCodeOf } from './errors.ts';
import { ExitEvents } from './events.ts';
import { messageOf } from '../core/errors.ts';

/** Label of everything that belongs to a run; its value is the run's identifier. */
export const runLabel = 'io.alpy.run';
/** Label of everything that belongs to a job of a CI system; its value is the job's identifier. */
export const jobLabel = 'io.alpy.job';

/** Where the daemon is, and for whom containers are made. */
export interface EngineOptions {
  /** the daemon's unix socket; absent for what DOCKER_HOST says, or the usual socket */
  readonly socketPath?: string | undefined;
  /** identifier of the run, for labels and names; absent for a new one */
  readonly runId?: string | undefined;
  /** identifier of the CI job, for a label */
  readonly jobId?: string | undefined;
}

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
  /** address of the daemon, as a person knows it */
  readonly address: string;
  readonly exits: ExitEvents;
  #count = 0;

  private constructor(
    docker: Dockerode,
    address: string,
    version: { readonly Version: string; readonly KernelVersion?: string },
    exits: ExitEvents,
    runId: string,
    jobId: string | undefined,
  ) {
    this.docker = docker;
    this.address = address;
    this.version = version.Version;
    this.sharesKernel = version.KernelVersion === release();
    this.exits = exits;
    this.runId = runId;
    this.labels = { [runLabel]: runId, ...(jobId === undefined ? {} : { [jobLabel]: jobId }) };
  }

  /**
   * Connects and sees that the daemon answers.
   * @throws DaemonError when no daemon answers, or it may not be used; says what to do
   */
  static async connect(options: EngineOptions = {}, wait: Wait = { timeoutMs: 15_000 }): Promise<Engine> {
    const runId = options.runId ?? newRunId();
    const docker = new Docker(options.socketPath === undefined ? {} : { socketPath: options.socketPath });
    const where = await daemonAddress(docker);
    return withDeadline(
      wait,
      () => daemonError(where, new Error(`no answer within ${String(wait.timeoutMs)} ms`)),
      async (signal) => {
        try {
          const version = await docker.version();
          const exits = await ExitEvents.open(docker, `${runLabel}=${runId}`);
          return new Engine(docker, where, version, exits, runId, options.jobId);
        } catch (error) {
          signal.throwIfAborted();
          throw daemonError(where, error);
        }
      },
    );
  }

  /** A name for a container that no other has, of the characters that Docker allows. */
  uniqueName(role: string): string {
    this.#count += 1;
    return `alpy-${this.runId}-${String(process.pid)}-${String(this.#count)}-${role.replace(/[^A-Za-z0-9_.-]/g, '-')}`;
  }

  /**
   * Calls the Engine API; the one place where its errors become ours.
   * @param what - what for, as the message shall name it: `create the container of node0`
   * @throws {@link ContainerError} when the daemon refuses; the signal's reason
   */
  async call<T>(what: string, signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await (signal ? untilAborted(body(), signal) : body());
    } catch (error) {
      signal?.throwIfAborted(); // cancelled is not failed: the signal's reason goes on
      if (statusCodeOf(error) === undefined && error instanceof Error && 'syscall' in error)
        throw daemonError(this.address, error);
      throw new ContainerError(`cannot ${what}: ${engineMessage(error)}`, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.exits[Symbol.dispose]();
  }
}

/** What the daemon said, without the client's "(HTTP code 500) server error - ". */
function engineMessage(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
}

async function daemonAddress(docker: Dockerode): Promise<string> {
  const { socketPath, protocol, host, port } = docker.modem as {
    readonly socketPath?: string | (() => Promise<string>); // a function when nothing is configured
    readonly protocol?: string;
    readonly host?: string;
    readonly port?: number | string;
  };
  const path = typeof socketPath === 'function' ? await socketPath() : socketPath;
  return path ?? `${protocol ?? 'http'}://${host ?? 'localhost'}:${String(port ?? '')}`;
}
