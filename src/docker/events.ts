// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { messageOf } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import { readLines } from '../core/lines.ts';
import { markHandled } from '../core/mark-handled.ts';
import { ContainerError, DaemonError } from './errors.ts';
import { exitStatusOf, type ExitStatus } from '../core/exit-status.ts';

/** The part of an Engine API event that is used here. */
interface EngineEvent {
  readonly Action?: unknown;
  readonly Actor?: unknown;
}

/**
 * Exits of all containers and execs of a run, from the daemon's event stream. Unlike `wait` and `inspect`, it does not miss
 * containers that end immediately and remove themselves, and gets the status of an exec without polling.
 */
export class ExitEvents implements Disposable {
  readonly #stream: Readable;
  readonly #exits = new Map<string, PromiseWithResolvers<ExitStatus>>();
  readonly #removals = new Map<string, PromiseWithResolvers<void>>();
  /** how often the kernel killed a process because of a limit of memory, by container */
  readonly #outOfMemoryKills = new Map<string, number>();
  readonly #failed = Promise.withResolvers<Error>();
  #failure: Error | undefined;
  #isClosed = false;

  private constructor(stream: Readable) {
    this.#stream = stream;
    const end = (cause?: Error): void => {
      this.fail(
        new DaemonError('the Docker daemon closed its event stream. It was probably stopped', 'docker version', { cause }),
      );
    };
    readLines(stream).on('line', (line) => {
      this.#take(line);
    });
    stream.on('error', end);
    stream.on('close', end);
  }

  /** settles with the reason if the events stop before this is closed */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  /** Rejects all promises of exits and removals, present and future. Only the first reason is used. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const { reject } of [...this.#exits.values(), ...this.#removals.values()]) reject(this.#failure);
    if (!this.#isClosed) this.#failed.resolve(this.#failure);
    this.#stream.destroy();
  }

  /** Subscribes to the events of containers with a label. @internal */
  static async open(docker: Docker, label: string): Promise<ExitEvents> {
    const filters = { type: ['container'], event: ['die', 'exec_die', 'destroy', 'oom'], label: [label] };
    const options = { filters } as unknown as Docker.GetEventsOptions; // the types lack "exec_die"
    return new ExitEvents((await docker.getEvents(options)) as Readable);
  }

  /**
   * Waits until a container or exec has ended.
   * @throws {@link DaemonError} if the daemon is gone
   */
  exitOf(id: string): Promise<ExitStatus> {
    return this.#entry(this.#exits, id).promise;
  }

  /**
   * Waits until a container has been removed.
   * @throws {@link DaemonError} if the daemon is gone
   */
  removalOf(id: string): Promise<void> {
    return this.#entry(this.#removals, id).promise;
  }

  /** How often the kernel has killed a process of a container because of its limit of memory. */
  outOfMemoryKills(id: string): number {
    return this.#outOfMemoryKills.get(id) ?? 0;
  }

  /** Forgets a container or exec whose end no longer matters. */
  forget(id: string): void {
    this.#exits.delete(id);
    this.#removals.delete(id);
    this.#outOfMemoryKills.delete(id);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#stream.destroy();
  }

  #take(line: string): void {
    const { Action, Actor } = this.#parse(line);
    const { ID: id, Attributes } = isJsonObject(Actor) ? Actor : {};
    const { exitCode, execID: execId } = isJsonObject(Attributes) ? Attributes : {};
    const exitStatus = exitStatusOf(typeof exitCode === 'string' ? Number(exitCode) : Number.NaN);
    const isOfContainer = typeof id === 'string';
    if (Action === 'destroy' && isOfContainer) this.#entry(this.#removals, id).resolve();
    else if (Action === 'oom' && isOfContainer) this.#outOfMemoryKills.set(id, this.outOfMemoryKills(id) + 1);
    else if (Action === 'die' && isOfContainer) this.#entry(this.#exits, id).resolve(exitStatus);
    else if (typeof execId === 'string') this.#entry(this.#exits, execId).resolve(exitStatus);
  }

  #parse(line: string): EngineEvent {
    try {
      const event: unknown = JSON.parse(line);
      return isJsonObject(event) ? event : {};
    } catch (cause) {
      this.fail(new ContainerError(`the Docker daemon sent an event that is not JSON: ${messageOf(cause)}`, { cause }));
      return {};
    }
  }

  #entry<T>(entries: Map<string, PromiseWithResolvers<T>>, id: string): PromiseWithResolvers<T> {
    let entry = entries.get(id);
    if (!entry) {
      entry = Promise.withResolvers<T>();
      markHandled(entry.promise); // whoever awaits it gets the error
      if (this.#failure) entry.reject(this.#failure);
      entries.set(id, entry);
    }
    return entry;
  }
}
