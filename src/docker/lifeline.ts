// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal, type Wait } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import { step } from '../core/step.ts';
import { Agent, agentLoop } from './agent.ts';
import { lifelineCapabilities } from './capabilities.ts';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';
import type { ExitStatus } from './exit-status.ts';
import type { ContainerSpec } from './spec.ts';

/** What a lifeline is made of. */
export interface LifelineSpec extends Pick<ContainerSpec, 'devices' | 'mounts' | 'volumesFrom'> {
  /** an image with `tini`, `sh` and `ip` */
  readonly image: string;
}

/** How long it may take to end by itself when it is told to, in `ms`; it does so in a few, unless it is just busy. */
const quitTimeoutMs = 1000;

/**
 * The first container of a testbed, in whose PID namespace all others run, and in which QEMU runs. Its first process ends
 * when its standard input does. We hold that input, so the daemon closes it as soon as we are gone, however that came about,
 * and then the kernel kills every process of the namespace. QEMU's taps are in its network namespace, so here is who can
 * move them.
 */
export class Lifeline implements AsyncDisposable {
  /** settles when it runs, so that others can join its namespaces */
  readonly running: Promise<void>;
  readonly #container: Container;
  readonly #agent: Agent;
  #folders = 0;

  private constructor(container: Container, signal?: AbortSignal) {
    this.#container = container;
    this.#agent = new Agent(container);
    this.running = step('alpy.docker', 'Start the lifeline', () => container.run(signal));
    markHandled(this.running); // who joins it is told
  }

  /**
   * Creates it, and begins to start it.
   * @throws ContainerError when the daemon refuses
   */
  static async create(engine: Engine, spec: LifelineSpec, signal?: AbortSignal): Promise<Lifeline> {
    const container = await Container.create(
      engine,
      {
        ...spec,
        name: 'lifeline',
        // tini takes in the orphans of all other containers, whose parent is the first process of the namespace
        entrypoint: ['tini', '--', 'sh', '-c', agentLoop],
        command: [],
        networkMode: 'bare', // nobody looks up names here
        dropAllCapabilities: true,
        addCapabilities: lifelineCapabilities,
        sharedMemory: false,
      },
      signal,
    );
    return new Lifeline(container, signal);
  }

  /** for {@link ContainerSpec.pidMode} */
  get pidNamespace(): string {
    return `container:${this.#container.id}`;
  }

  /** the container itself */
  get container(): Container {
    return this.#container;
  }

  /** Path of a folder in it that nobody has had before; it is not made. */
  newFolder(): string {
    this.#folders += 1;
    return `/var/tmp/alpy${this.#folders}`;
  }

  /**
   * Runs lines of shell in it; see {@link Agent.run}.
   * @throws ExecError when one fails
   * @throws ExecTimeoutError, ContainerDiedError
   */
  async runShell(script: string, wait: Wait): Promise<string> {
    await this.#untilRunning(wait);
    return this.#agent.run(script, wait);
  }

  /**
   * Begins to run lines of shell in it, beside all others; see {@link Agent.start}.
   * @throws ExecTimeoutError, ContainerDiedError
   */
  async startShell(script: string, wait: Wait): Promise<{ readonly ended: Promise<ExitStatus> }> {
    await this.#untilRunning(wait);
    return this.#agent.start(script, wait);
  }

  /**
   * Kills all processes that hang on it at once, which is faster than to have the daemon remove them one by one. It lives on.
   * @param containers - those that hang on it; their release then waits until the daemon has removed them
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async killOthers(containers: readonly Container[], wait: Wait): Promise<void> {
    for (const container of containers) container.expectRemoval();
    await this.#agent.killOthers(wait);
  }

  /**
   * Whether it is as it was at first, once those that hung on it are gone: no other process runs, and no NIC was left.
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async isPristine(wait: Wait): Promise<boolean> {
    // tini, the agent and the shell that runs this, which counts by itself
    const found = await this.runShell('rm -rf /var/tmp/*; set -- /proc/[0-9]*; echo $# /sys/class/net/*', wait);
    return found.trim() === '3 /sys/class/net/lo';
  }

  /**
   * Ends it, and so all that hang on it at once.
   * @param containers - those that hang on it; their release then waits until the daemon has removed them
   */
  async kill(containers: readonly Container[]): Promise<void> {
    for (const container of [this.#container, ...containers]) container.expectRemoval();
    this.#agent.quit(); // costs the daemon nothing, where a signal through it has it start a program
    const quit = raceWithSignal(this.#container.exited, AbortSignal.timeout(quitTimeoutMs));
    await quit.catch(() => this.#container.kill());
  }

  /** Ends everything that hangs on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#container.expectExit();
    await this.#container[Symbol.asyncDispose]();
  }

  async #untilRunning({ signal }: Wait): Promise<void> {
    await raceWithSignal(this.running, signal);
  }
}
