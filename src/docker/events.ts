// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { ContainerError } from './errors.ts';
import { exitStatusOf, type ExitStatus } from './exit-status.ts';

/** The part of an Engine API event that matters here. */
interface EngineEvent {
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string | undefined>> };
}

/**
 * Exits of all containers and execs of a run, from the daemon's event stream. Unlike `wait` and `inspect` it misses no
 * container that ends at once and removes itself, and knows an exec's status as soon as it has one.
 */
export class ExitEvents implements Disposable {
  readonly #stream: Readable;
  readonly #exits = new Map<string, PromiseWithResolvers<ExitStatus>>();
  #failure: Error | undefined;

  private constructor(stream: Readable) {
    this.#stream = stream;
    const fail = (cause?: Error): void => {
      this.#failure ??= new ContainerError('the Docker daemon ended its event stream: was it stopped?', { cause });
      for (const { reject } of this.#exits.values()) reject(this.#failure);
    };
    createInterface({ input: stream }).on('line', (line) => {
      this.#take(JSON.parse(line) as EngineEvent);
    });
    stream.on('error', fail);
    stream.on('close', fail);
  }

  /** Subscribes; only containers with the label count. */
  static async open(docker: Docker, label: string): Promise<ExitEvents> {
    const filters = { type: ['container'], event: ['die', 'exec_die'], label: [label] };
    const options = { filters } as unknown as Docker.GetEventsOptions; // the types know no "exec_die"
    return new ExitEvents((await docker.getEvents(options)) as Readable);
  }

  /**
   * How the container or exec ended, as soon as it has.
   * @throws {@link ContainerError} when the daemon is gone
   */
  exitOf(id: string): Promise<ExitStatus> {
    return this.#entry(id).promise;
  }

  /** Forgets a container or exec whose exit matters no more. */
  forget(id: string): void {
    this.#exits.delete(id);
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  #take({ Action, Actor }: EngineEvent): void {
    const attributes = Actor?.Attributes;
    const id = Action === 'die' ? Actor?.ID : attributes?.['execID'];
    if (id !== undefined) this.#entry(id).resolve(exitStatusOf(Number(attributes?.['exitCode'])));
  }

  #entry(id: string): PromiseWithResolvers<ExitStatus> {
    let entry = this.#exits.get(id);
    if (!entry) {
      entry = Promise.withResolvers<ExitStatus>();
      entry.promise.catch(() => undefined); // the one who asks is told; nobody need ask
      if (this.#failure) entry.reject(this.#failure);
      this.#exits.set(id, entry);
    }
    return entry;
  }
}
