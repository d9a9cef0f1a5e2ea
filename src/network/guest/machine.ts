// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../../core/deadline.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { OutputTail } from '../../core/output.ts';
import { qemuUser } from '../../core/qemu-confinement.ts';
import { printfEscape } from '../../core/text.ts';
import {
  Agent,
  Container,
  ContainerError,
  ContainerTimeoutError,
  exec,
  type Engine,
  type ExecResult,
  type ExecSpec,
  type Lifeline,
} from '../../docker/index.ts';
import type { NodeSpec } from '../../topology/index.ts';
import { hubCommands } from '../hub.ts';
import { tapMtu, turnOn } from '../interface-commands.ts';
import { ipBatch, tcBatch } from '../batch.ts';
import { containerProgram, guestContainerMiB, guestDevices, guestNic, guestTap, monitorSocket } from './arguments.ts';
import { GuestCommands } from './commands.ts';
import { guestProgram, lastWords } from './program.ts';
import { setLinkProgram } from './set-link.ts';

/** How guests are started. */
export interface GuestPlace {
  /** the `guest` image */
  readonly image: string;
  readonly accel: 'kvm' | 'tcg';
  /** by what factor a boot takes longer than on a quick machine */
  readonly timeFactor: number;
}

/** Where the container of a node runs. */
export interface ContainerPlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** settles when it may start, not before the lifeline runs */
  readonly startsAfter: Promise<void>;
}

/** How long a guest may take to boot on a quick machine, in `ms`. It takes some seconds without KVM. */
const bootTimeoutMs = 60_000;

const timeoutMs = 30_000;

/** What the container may have: memory, QEMU's threads, and the folder of its monitor. */
const limits = { memoryMiB: guestContainerMiB, pids: 64, readOnlyRoot: true, tmpfs: { '/run': 16, '/var/tmp': 16 } } as const;

/** To create taps and join them to interfaces, and to start QEMU as another user without any capability. */
const capabilities = ['NET_ADMIN', 'SETPCAP', 'SETGID', 'SETUID'];

/**
 * The guest of a node of kind `guest`: QEMU in a container with a network namespace. The namespace gets the node's interfaces, as for any
 * other node. Each is joined to the tap of one of the guest's NICs: every frame goes from one to the other as it is.
 */
export class GuestMachine {
  readonly container: Container;
  /** the process that holds the namespace, by its number in the testbed's PID namespace */
  readonly pid: number;
  /** runs shell scripts in the guest */
  readonly agent: Agent;
  readonly #commands: GuestCommands;
  readonly #interfaces: readonly string[];
  readonly #printed: OutputTail;

  private constructor(spec: NodeSpec, container: Container, pid: number, agent: Agent, printed: OutputTail) {
    this.container = container;
    this.pid = pid;
    this.agent = agent;
    this.#commands = new GuestCommands(spec.name, agent);
    this.#interfaces = spec.interfaces.map(({ name }) => name);
    this.#printed = printed;
  }

  /**
   * Starts a guest and waits until it takes commands.
   * @throws ContainerError when the daemon refuses
   * @throws ContainerDiedError if QEMU or the guest's kernel ends
   * @throws ContainerTimeoutError if it does not boot in time
   */
  static async start(
    { engine, lifeline, startsAfter }: ContainerPlace,
    { image, accel, timeFactor }: GuestPlace,
    spec: NodeSpec,
    signal?: AbortSignal,
  ): Promise<GuestMachine> {
    const { name, interfaces } = spec;
    const container = await Container.start(
      engine,
      {
        name,
        image,
        entrypoint: ['sh', '-c', containerProgram(interfaces, accel)],
        command: [],
        networkMode: 'bare',
        pidMode: lifeline.namespace,
        startsAfter,
        sharedMemory: false,
        devices: guestDevices(accel),
        dropAllCapabilities: true,
        addCapabilities: capabilities,
        ...limits,
      },
      signal,
    );
    try {
      const printed = new OutputTail(16_384);
      const agent = new Agent(container);
      container.stderr.on('data', (text: string) => {
        printed.push(Buffer.from(text));
      });
      container.stdin.write(`${printfEscape(Buffer.from(guestProgram(spec)))}\n`);
      const wait = { timeoutMs: bootTimeoutMs * Math.max(1, timeFactor), signal };
      const pid = Number(await boot(name, agent, wait));
      if (!Number.isInteger(pid) || pid < 1)
        throw new ContainerError(`${name}: expected its guest to boot, got: ${lastWords(printed.bytes().toString())}`);
      return new GuestMachine(spec, container, pid, agent, printed);
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** what the guest's kernel and QEMU printed, for an error */
  get lastWords(): string {
    return lastWords(this.#printed.bytes().toString());
  }

  /** Runs a program in the guest; see {@link GuestCommands.exec}. */
  exec(spec: ExecSpec, wait: Wait): Promise<ExecResult> {
    return this.#commands.exec(spec, wait);
  }

  /** Joins an interface of the namespace to the NIC of the guest. @throws ExecError when the kernel refuses */
  async join(name: string, wait: Partial<Wait>): Promise<void> {
    const ends = [name, guestTap(this.#numberOf(name))];
    const script = [ipBatch([turnOn(name, tapMtu)]), tcBatch(hubCommands(ends))].join('\n');
    await this.#runOutside({ command: ['sh', '-ec', script] }, wait);
  }

  /** Turns the carrier of one of the guest's NICs on or off. @throws EnvironmentError when QEMU refuses */
  async setCarrier(name: string, isOn: boolean, wait: Partial<Wait>): Promise<void> {
    const set = { execute: 'set_link', arguments: { name: guestNic(this.#numberOf(name)), up: isOn } };
    const command = ['perl', '-e', setLinkProgram, monitorSocket, JSON.stringify(set)];
    await this.#runOutside({ command, user: `${qemuUser}:${qemuUser}` }, wait); // its container's root may not open the socket
  }

  #numberOf(name: string): number {
    return this.#interfaces.indexOf(name);
  }

  /** Runs a program in the container, outside of the guest. */
  async #runOutside(spec: ExecSpec, wait: Partial<Wait>): Promise<void> {
    const { exitStatus, stderr } = await exec(this.container, spec, {
      timeoutMs: wait.timeoutMs ?? timeoutMs,
      signal: wait.signal,
    });
    if (exitStatus.code === 0) return;
    throw new EnvironmentError(
      `${this.container.name}: could not change how its guest is connected: ${stderr.toString().trim()}`,
    );
  }
}

/** Returns what the container has printed before the guest's first answer: the PID. */
async function boot(name: string, agent: Agent, wait: Wait): Promise<string> {
  return withDeadline(
    wait,
    (cause) => new ContainerTimeoutError(name, 'its guest to boot', wait.timeoutMs, { cause }),
    (signal) => agent.run(':', { timeoutMs: wait.timeoutMs, signal }),
  );
}
