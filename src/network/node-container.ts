// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import type { Wait } from '../core/deadline.ts';
import {
  Agent,
  agentLoop,
  Container,
  ContainerError,
  exec,
  trafficCapabilities,
  type ContainerSpec,
  type ExecResult,
  type ExecSpec,
  type Mount,
} from '../docker/index.ts';
import type { NodeSpec } from '../topology/index.ts';
import type { ContainerPlace, GuestPlace } from './guest/machine.ts';
import { holdNamespace } from './hold-namespace.ts';
import { sysctls4, sysctls6 } from './node-defaults.ts';
import { nodeLimits } from './node-limits.ts';
import { setSysctls } from './set-sysctls.ts';
import { refusedSysctl, sysctlTexts, type Sysctls } from './sysctls.ts';

/** Where nodes are started. */
export interface NodePlace extends ContainerPlace {
  /** the `node` image */
  readonly image: string;
  /** for nodes of kind `guest`; absent for others */
  readonly guest?: GuestPlace | undefined;
  /** a file with {@link hostsText} whose path is the same for the daemon; absent if the daemon sees no files of this machine */
  readonly hostsFile?: string | undefined;
  /** the same with the node's `resolverText`; absent if the node has no resolver */
  readonly resolverFile?: string | undefined;
}

const timeoutMs = 30_000;

/** The container of a node. Commands run in it. */
export class NodeContainer {
  readonly container: Container;
  /** the process that holds its network namespace, by its number in the testbed's PID namespace */
  readonly pid: number;
  /** runs shell scripts in it */
  readonly agent: Agent;
  /** what another container needs to share its network: the namespace, and the files for names */
  readonly shared: Pick<ContainerSpec, 'networkMode' | 'mounts'>;
  readonly #image: string;

  private constructor(place: NodePlace, container: Container, pid: number, agent: Agent) {
    this.container = container;
    this.pid = pid;
    this.shared = { networkMode: `container:${container.id}`, mounts: fileMounts(place) };
    this.agent = agent;
    this.#image = place.image;
  }

  /**
   * Starts it. It has only a loopback interface yet.
   * @throws ContainerError if the daemon refuses, UsageError if the kernel refuses a setting
   */
  static async start(place: NodePlace, spec: NodeSpec, signal?: AbortSignal): Promise<NodeContainer> {
    const container = await startContainer(place, spec, signal);
    try {
      const agent = new Agent(container);
      const printed = await agent.run('echo $holder', { timeoutMs, signal });
      const pid = Number(printed);
      if (!Number.isInteger(pid) || pid < 1)
        throw new ContainerError(`${spec.name}: expected a PID from its container, got ${printed}`);
      return new NodeContainer(place, container, pid, agent);
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a program in it; see `exec`. */
  exec(spec: ExecSpec, wait: Wait): Promise<ExecResult> {
    return exec(this.container, spec, wait);
  }

  /**
   * Changes settings of its network.
   * @param key - what has the settings, for the message
   * @throws UsageError if the kernel refuses one, ContainerError if the daemon refuses
   */
  async setSysctls(key: string, sysctls: Sysctls, wait: Partial<Wait>): Promise<void> {
    const { engine, name, id } = this.container;
    const place = { name, image: this.#image, networkMode: `container:${id}` };
    await setSysctls(engine, place, sysctls, { timeoutMs: wait.timeoutMs ?? timeoutMs, signal: wait.signal }).catch(
      (error: unknown) => {
        throw refusedSysctl(key, sysctls, error) ?? error;
      },
    );
  }
}

/** The files of a node that its apps share. Pure. */
function fileMounts({ hostsFile, resolverFile }: NodePlace): readonly Mount[] {
  const mount = (source: string, target: string): Mount => ({ source, target, readOnly: false });
  return [
    ...(hostsFile === undefined ? [] : [mount(hostsFile, '/etc/hosts')]),
    ...(resolverFile === undefined ? [] : [mount(resolverFile, '/etc/resolv.conf')]),
  ];
}

/** Starts the container of a node. @throws ContainerError if the daemon refuses, UsageError if the kernel refuses a setting */
async function startContainer(place: NodePlace, { name, config }: NodeSpec, signal?: AbortSignal): Promise<Container> {
  const { engine, lifeline, startsAfter, image, hostsFile } = place;
  const { resolver, sysctls = {} } = config ?? {};
  const own = sysctlTexts(sysctls);
  const spec = {
    name,
    image,
    entrypoint: ['sh', '-c', `${holdNamespace}\n${agentLoop}`],
    command: [],
    networkMode: hostsFile === undefined ? 'none' : 'bare',
    ...(resolver ? { resolver: { servers: asList(resolver.servers), search: asList(resolver.search) } } : {}),
    mounts: fileMounts(place),
    pidMode: lifeline.namespace,
    startsAfter,
    sharedMemory: false,
    ...nodeLimits,
    ...trafficCapabilities(),
  };
  try {
    return await Container.start(engine, { ...spec, sysctls: { ...sysctls4, ...sysctls6, ...own } }, signal);
  } catch (error) {
    const refused = refusedSysctl(`topology.nodes.${name}.sysctls`, sysctls, error);
    if (refused) throw refused;
    // a kernel without IPv6 does not have these settings, and does not need them
    if (!(error instanceof ContainerError && error.message.includes('net/ipv6') && error.message.includes('no such file')))
      throw error;
    return await Container.start(engine, { ...spec, sysctls: { ...sysctls4, ...own } }, signal);
  }
}
