// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal, type Wait } from '../core/deadline.ts';
import { EnvironmentError } from '../core/errors.ts';
import { qemuUser } from '../core/qemu-confinement.ts';
import { step } from '../core/step.ts';
import { quoteWord } from '../core/text.ts';
import {
  Container,
  exec,
  HeldContainer,
  heldSpec,
  printLimits,
  type Agent,
  type ContainerSpec,
  type Engine,
  type Lifeline,
  type Remains,
} from '../docker/index.ts';

/** Folder for temporary files. It is a volume, because guests write their disks there: memory would not be enough. */
export const scratchFolder = '/var/tmp';

/** What differs between the containers of QEMU. */
export interface QemuContainerSpec extends Pick<ContainerSpec, 'mounts' | 'volumesFrom' | 'volumes'> {
  /** its name in messages; default: qemu */
  readonly name?: string | undefined;
  /** an image with `tini`, `sh` and QEMU */
  readonly image: string;
  readonly memoryMiB: number;
  readonly devices: readonly string[];
}

/** Settings of every container in which QEMU runs. */
export const qemuConfinement = {
  user: `${qemuUser}:${qemuUser}`,
  dropAllCapabilities: true,
  readOnlyRoot: true,
} as const satisfies Partial<ContainerSpec>;

/** QEMU's threads, most of them for I/O, and those of tshark, socat and the relays of link faults. */
const maxThreads = 1024;

/** How long short commands in it may take, in `ms`. */
const shellTimeoutMs = 30_000;

/**
 * The container in which QEMU runs, as a user without any capability, in a PID namespace of its own: nodes and apps see nothing of
 * it. It shares the network namespace of the lifeline, whose agent creates QEMU's taps and moves them to their nodes.
 */
export class QemuContainer extends HeldContainer {
  /** its limit of memory */
  readonly memoryMiB: number;
  /** settles when the daemon has started it; it is ready a moment later, see {@link HeldContainer.running} */
  readonly started: Promise<void>;
  #folders = 0;

  private constructor(
    container: Container,
    memoryMiB: number,
    started: Promise<void>,
    makeReady: (agent: Agent) => Promise<void>,
  ) {
    super(container, async (agent) => {
      await started;
      await makeReady(agent);
    });
    this.memoryMiB = memoryMiB;
    this.started = started;
  }

  /**
   * Creates the container, and starts it in the background when the lifeline runs.
   * @throws ContainerError if the daemon refuses
   */
  static async create(engine: Engine, spec: QemuContainerSpec, lifeline: Lifeline, signal?: AbortSignal): Promise<QemuContainer> {
    const { name = 'qemu', devices, volumes = [], ...rest } = spec;
    const container = await Container.create(
      engine,
      {
        ...heldSpec,
        ...qemuConfinement,
        ...rest,
        name,
        networkMode: lifeline.namespace,
        environment: { TMPDIR: scratchFolder },
        devices,
        volumes: [scratchFolder, ...volumes],
        pids: maxThreads,
      },
      signal,
    );
    const start = async (): Promise<void> => {
      await raceWithSignal(lifeline.running, signal);
      await step('alpy.docker', `Start QEMU's container${spec.name === undefined ? '' : ` ${name}`}`, () =>
        container.run(signal),
      );
    };
    return new QemuContainer(container, spec.memoryMiB, start(), (agent) =>
      openDevices(container, agent, devices, { timeoutMs: shellTimeoutMs, signal }),
    );
  }

  /** A new path for a folder in it. The folder is not created. */
  newFolder(): string {
    this.#folders += 1;
    return `${scratchFolder}/alpy${this.#folders}`;
  }

  /**
   * Removes all temporary files. Returns whether it is empty: no other process runs.
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async remains(wait: Wait): Promise<Remains> {
    // the processes are tini, the agent and the shell that runs this script
    const found = await this.runShell(`rm -rf ${scratchFolder}/*; set -- /proc/[0-9]*; echo $#; ${printLimits}`, wait);
    const [first, ...limits] = found.split('\n');
    return { isEmpty: first === '3', limits: limits.join('\n') };
  }
}

/**
 * Lets QEMU's user open the devices. A container gets device files of its own, with the owner and the permissions of the host's:
 * often only root, or the group kvm, may open them. Then their owner changes the permissions of the container's files. That takes
 * no capability.
 * @throws EnvironmentError if QEMU's user still may not open one
 */
async function openDevices(container: Container, agent: Agent, devices: readonly string[], wait: Wait): Promise<void> {
  if ((await firstClosed(agent, devices, wait)) === undefined) return;
  await exec(container, { command: ['chmod', 'a+rw', ...devices], user: '0' }, wait);
  const closed = await firstClosed(agent, devices, wait);
  if (closed === undefined) return;
  throw new EnvironmentError(
    `expected that QEMU, as user ${qemuUser}, can open ${closed}, got permission denied. On the daemon's machine, run: chmod 666 ${closed}`,
  );
}

/** The first device that the agent's user may not open. */
async function firstClosed(agent: Agent, devices: readonly string[], wait: Wait): Promise<string | undefined> {
  const test = `for each in ${devices.map(quoteWord).join(' ')}; do [ -r $each ] && [ -w $each ] || { echo $each; break; }; done`;
  const found = (await agent.run(test, wait)).trim();
  return found === '' ? undefined : found;
}
