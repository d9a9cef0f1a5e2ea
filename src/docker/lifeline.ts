// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { step } from '../core/step.ts';
import { Agent, agentLoop } from './agent.ts';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';
import type { ContainerSpec } from './spec.ts';

/**
 * The first container of a testbed, in whose PID namespace all others run. Its first process ends when its standard input
 * does. We hold that input, so the daemon closes it as soon as we are gone, however that came about, and then the kernel
 * kills every process of the namespace. QEMU shares its network namespace, so that here is who can move QEMU's taps.
 */
export class Lifeline implements AsyncDisposable {
  /** settles when it runs, so that others can join its namespaces */
  readonly running: Promise<void>;
  readonly #container: Container;
  readonly #agent: Agent;

  private constructor(container: Container, signal?: AbortSignal) {
    this.#container = container;
    this.#agent = new Agent(container);
    this.running = step('alpy.docker', 'Start the lifeline', () => container.run(signal));
    this.running.catch(() => undefined); // who joins it is told
  }

  /**
   * Creates it, and begins to start it.
   * @param image - an image with `tini`, `sh` and `ip`
   * @param volumes - paths that are volumes, for the others to share by {@link Lifeline.volumesFrom}
   * @throws ContainerError when the daemon refuses
   */
  static async create(engine: Engine, image: string, volumes: readonly string[], signal?: AbortSignal): Promise<Lifeline> {
    const spec: ContainerSpec = {
      name: 'lifeline',
      image,
      // tini takes in the orphans of all other containers, whose parent is the first process of the namespace
      entrypoint: ['tini', '--', 'sh', '-c', agentLoop],
      command: [],
      networkMode: 'bare', // nobody looks up names here
      dropAllCapabilities: true,
      addCapabilities: ['NET_ADMIN'],
      sharedMemory: false,
      volumes,
    };
    return new Lifeline(await Container.create(engine, spec, signal), signal);
  }

  /** for {@link ContainerSpec.pidMode}, and for {@link ContainerSpec.networkMode} of who makes taps */
  get namespaces(): string {
    return `container:${this.#container.id}`;
  }

  /** for {@link ContainerSpec.volumesFrom} */
  get volumesFrom(): string {
    return this.#container.id;
  }

  /** the container itself, whose volumes can be written and read as long as it lives */
  get container(): Container {
    return this.#container;
  }

  /**
   * Runs lines of shell in its namespaces; see {@link Agent.run}.
   * @throws ExecError when one fails
   * @throws ExecTimeoutError, ContainerDiedError
   */
  async runShell(script: string, wait: Wait): Promise<string> {
    return this.#agent.run(script, wait);
  }

  /**
   * Kills it, and so all that hang on it at once: that is faster than to have the daemon remove them one by one.
   * @param containers - those that hang on it; their release then waits until the daemon has removed them
   */
  async kill(containers: readonly Container[]): Promise<void> {
    for (const container of [this.#container, ...containers]) container.expectRemoval();
    await this.#container.kill();
  }

  /** Ends everything that hangs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#container.expectExit();
    await this.#container[Symbol.asyncDispose]();
  }
}
