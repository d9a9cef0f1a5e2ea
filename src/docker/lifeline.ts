// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal, type Wait } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import { step } from '../core/step.ts';
import { Agent, agentLoop } from './agent.ts';
import { lifelineCapabilities } from './capabilities.ts';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';
import type { ExitStatus } from '../core/exit-status.ts';
import type { ContainerSpec } from './spec.ts';

/** Image and devices of a lifeline. */
export interface LifelineSpec extends Pick<ContainerSpec, 'devices' | 'mounts' | 'volumesFrom'> {
  /** an image with `tini`, `sh` and `ip` */
  readonly image: string;
}

/** How long it may take to exit after `!quit`, in `ms`. Unless it is busy, it takes a few. */
const quitTimeoutMs = 1000;

/**
 * The first container of a testbed. All others run in its PID namespace, and QEMU runs in it. Its first process ends when its
 * standard input ends. We hold that input, so when this process ends for any reason, the daemon closes the input and the kernel
 * kills every process of the namespace. QEMU's taps are created in its network namespace and moved from there.
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
    markHandled(this.running); // whoever awaits it gets the error
  }

  /**
   * Creates a lifeline and starts it in the background.
   * @throws ContainerError if the daemon refuses
   */
  static async create(engine: Engine, spec: LifelineSpec, signal?: AbortSignal): Promise<Lifeline> {
    const container = await Container.create(
      engine,
      {
        ...spec,
        name: 'lifeline',
        // tini reaps the orphans of all other containers: the first process of the namespace becomes their parent
        entrypoint: ['tini', '--', 'sh', '-c', agentLoop],
        command: [],
        networkMode: 'bare', // it needs no name resolution
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

  /** A new path for a folder in it. The folder is not created. */
  newFolder(): string {
    this.#folders += 1;
    return `/var/tmp/alpy${this.#folders}`;
  }

  /**
   * Runs a shell script in it; see {@link Agent.run}.
   * @throws ExecError if the script fails
   * @throws ExecTimeoutError, ContainerDiedError
   */
  async runShell(script: string, wait: Wait): Promise<string> {
    await this.#waitUntilRunning(wait);
    return this.#agent.run(script, wait);
  }

  /**
   * Starts a shell script in it as a background job; see {@link Agent.start}.
   * @throws ExecTimeoutError, ContainerDiedError
   */
  async startShell(script: string, wait: Wait): Promise<{ readonly ended: Promise<ExitStatus> }> {
    await this.#waitUntilRunning(wait);
    return this.#agent.start(script, wait);
  }

  /**
   * Kills all processes that depend on it together, which is faster than removing their containers one by one. It keeps running.
   * @param containers - those that depend on it; releasing them then waits until the daemon has removed them
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async killOthers(containers: readonly Container[], wait: Wait): Promise<void> {
    for (const container of containers) container.expectRemoval();
    await this.#agent.killOthers(wait);
  }

  /**
   * Whether it is in its initial state again: no other process runs and no network interface is left.
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async isPristine(wait: Wait): Promise<boolean> {
    // the processes are tini, the agent and the shell that runs this script
    const found = await this.runShell('rm -rf /var/tmp/*; set -- /proc/[0-9]*; echo $# /sys/class/net/*', wait);
    return found.trim() === '3 /sys/class/net/lo';
  }

  /**
   * Ends it, and with it everything that depends on it.
   * @param containers - those that depend on it; releasing them then waits until the daemon has removed them
   */
  async kill(containers: readonly Container[]): Promise<void> {
    for (const container of [this.#container, ...containers]) container.expectRemoval();
    this.#agent.quit(); // cheaper than a signal, for which the daemon would start a program
    const quit = raceWithSignal(this.#container.exited, AbortSignal.timeout(quitTimeoutMs));
    await quit.catch(() => this.#container.kill());
  }

  /** Ends everything that depends on it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#container.expectExit();
    await this.#container[Symbol.asyncDispose]();
  }

  async #waitUntilRunning({ signal }: Wait): Promise<void> {
    await raceWithSignal(this.running, signal);
  }
}
