// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { step } from '../core/step.ts';
import { lifelineCapabilities } from './capabilities.ts';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';
import { HeldContainer, heldSpec, printLimits, type Remains } from './held-container.ts';

/**
 * The first container of a testbed. Nodes and apps run in its PID namespace, so its end kills all of them. QEMU shares only its
 * network namespace: QEMU's taps are created there and moved to the nodes from there. It has no mounts: whatever a node or an app
 * could do to its processes, there is nothing in it.
 */
export class Lifeline extends HeldContainer {
  /**
   * Creates a lifeline and starts it in the background.
   * @param image - an image with `tini`, `sh`, `ip` and `ethtool`
   * @throws ContainerError if the daemon refuses
   */
  static async create(engine: Engine, image: string, signal?: AbortSignal): Promise<Lifeline> {
    const spec = {
      ...heldSpec,
      name: 'lifeline',
      image,
      networkMode: 'bare', // it needs no name resolution
      addCapabilities: lifelineCapabilities,
      devices: ['/dev/net/tun'],
      ...limits,
    };
    const container = await Container.create(engine, spec, signal);
    return new Lifeline(container, () => step('alpy.docker', 'Start the lifeline', () => container.run(signal)));
  }

  /** for {@link ContainerSpec.pidMode} and {@link ContainerSpec.networkMode} */
  get namespace(): string {
    return `container:${this.container.id}`;
  }

  /**
   * Returns whether it is empty: no other process runs and no network interface is left.
   * @throws ExecError, ExecTimeoutError, ContainerDiedError
   */
  async remains(wait: Wait): Promise<Remains> {
    // the processes are tini, the agent and the shell that runs this script
    const found = await this.runShell(`set -- /proc/[0-9]*; echo $# /sys/class/net/*; ${printLimits}`, wait);
    const [first, ...limits] = found.split('\n');
    return { isEmpty: first === '3 /sys/class/net/lo', limits: limits.join('\n') };
  }
}

/** For its own processes, which take less than 10 MiB. Those of nodes and apps count in their containers. */
const limits = { memoryMiB: 64, pids: 64 } as const;
