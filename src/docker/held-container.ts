// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal, type Wait } from '../core/deadline.ts';
import type { ExitStatus } from '../core/exit-status.ts';
import { markHandled } from '../core/mark-handled.ts';
import { Agent, agentLoop } from './agent.ts';
import type { Container } from './container.ts';
import type { ContainerSpec } from './spec.ts';

/** How long it may take to exit after `!quit`, in `ms`. Unless it is busy, it takes a few. */
const quitTimeoutMs = 1000;

/** What every held container has in common. `tini` reaps the orphans of its PID namespace, and `killOthers` relies on it. */
export const heldSpec = {
  entrypoint: ['tini', '--', 'sh', '-c', agentLoop],
  command: [],
  dropAllCapabilities: true,
  sharedMemory: false,
  readOnlyRoot: true,
} as const satisfies Partial<ContainerSpec>;

/** What is in a held container that no testbed uses. */
export interface Remains {
  /** whether nothing is left but its own processes */
  readonly isEmpty: boolean;
  /** resource limits and priorities for the kernel's killer of its first process and of the agent: other programs of the same user can change them */
  readonly limits: string;
}

/** Prints {@link Remains.limits}. */
export const printLimits = 'cat /proc/1/limits /proc/1/oom_score_adj /proc/self/limits /proc/self/oom_score_adj';

/**
 * A container whose first process ends when its standard input ends. We hold that input, so when this process ends for any reason,
 * the daemon closes the input and the kernel kills every process of the PID namespace.
 */
export class HeldContainer implements AsyncDisposable {
  readonly container: Container;
  /** settles when it runs and is ready */
  readonly running: Promise<void>;
  readonly #agent: Agent;

  /**
   * @param container - created with {@link heldSpec}, not started yet
   * @param start - starts it and makes it ready; runs in the background
   */
  protected constructor(container: Container, start: (agent: Agent) => Promise<void>) {
    this.container = container;
    this.#agent = new Agent(container);
    this.running = start(this.#agent);
    markHandled(this.running); // whoever awaits it gets the error
  }

  /**
   * Runs a shell script in it; see {@link Agent.run}.
   * @throws ExecError if the script fails
   * @throws ExecTimeoutError, ContainerDiedError
   */
  async runShell(script: string, wait: Wait): Promise<string> {
    await raceWithSignal(this.running, wait.signal);
    return this.#agent.run(script, wait);
  }

  /**
   * Starts a shell script in it as a background job; see {@link Agent.start}.
   * @throws ExecTimeoutError, ContainerDiedError
   */
  async startShell(script: string, wait: Wait): Promise<{ readonly ended: Promise<ExitStatus> }> {
    await raceWithSignal(this.running, wait.signal);
    return this.#agent.start(script, wait);
  }

  /**
   * Kills all other processes of its PID namespace. It keeps running.
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async killOthers(wait: Wait): Promise<void> {
    await this.#agent.killOthers(wait);
  }

  /** Ends it, and with it every process of its PID namespace. */
  async kill(): Promise<void> {
    this.container.expectRemoval();
    this.#agent.quit(); // cheaper than a signal, for which the daemon would start a program
    const quit = raceWithSignal(this.container.exited, AbortSignal.timeout(quitTimeoutMs));
    await quit.catch(() => this.container.kill());
  }

  /** Ends it, and waits until it is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.container.expectExit();
    await this.container[Symbol.asyncDispose]();
  }
}
