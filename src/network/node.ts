// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { UsageError, type Fault } from '../core/errors.ts';
import { programEnd } from '../core/exit-status.ts';
import { named, type Named } from '../core/named.ts';
import { step } from '../core/step.ts';
import {
  Agent,
  agentLoop,
  Container,
  ContainerError,
  exec,
  ExecError,
  trafficCapabilities,
  type ContainerSpec,
  type Engine,
  type ExecResult,
  type Lifeline,
  type Mount,
} from '../docker/index.ts';
import type { InterfaceConfig, NodeSpec } from '../topology/index.ts';
import type { Counters } from './counters.ts';
import { NodeInterface } from './node-interface.ts';
import { nodeLimitHint, nodeLimits } from './node-limits.ts';
import { check, type NodeRunOptions, type NodeRunResult, type PingOptions } from './node-options.ts';
import { parsePing, type PingReport } from './ping.ts';
import { NodeServices } from './services/node-services.ts';
import { printSockets } from './services/ports.ts';

/** Where nodes are started. */
export interface NodePlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** settles when nodes may start, not before the lifeline runs */
  readonly startsAfter: Promise<void>;
  /** the `node` image */
  readonly image: string;
  /** a file with {@link hostsText} whose path is the same for the daemon; absent if the daemon sees no files of this machine */
  readonly hostsFile?: string | undefined;
}

const defaultTimeoutMs = 30_000;

/**
 * Alpy must not disturb a link. So a node generates no IPv6 address (hence no router solicitation and no duplicate address
 * detection), and does not drop packets because of an asymmetric route.
 */
const sysctls4 = {
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv4.ip_unprivileged_port_start': '0', // for IPv6, too: servers beside the node need neither root nor capabilities
};
const sysctls6 = {
  'net.ipv6.conf.all.disable_ipv6': '0', // Docker disables it for containers without a Docker network
  'net.ipv6.conf.default.addr_gen_mode': '1',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.dad_transmits': '0',
};

/**
 * A container that holds a network namespace. It has an interface for each link and segment that it is on. On a link with a device, that
 * is the tap of the device's NIC.
 */
export class Node implements AsyncDisposable {
  /** as in the topology; `node0`, `node1`, … in the order of the links in its short form */
  readonly name: string;
  /** by name and in order: `node.interfaces.eth0` */
  readonly interfaces: Named<NodeInterface>;
  readonly container: Container;
  /** the process that holds its network namespace, by its number in the testbed's PID namespace */
  readonly pid: number;
  /** what a container needs to share its network: the namespace and the hosts file */
  readonly shared: Pick<ContainerSpec, 'networkMode' | 'mounts'>;
  /** the services that the configuration declares for it, by their names: `node.services.dhcp` */
  readonly services: NodeServices;
  readonly #agent: Agent;

  private constructor(where: NodePlace, spec: NodeSpec, container: Container, pid: number, agent: Agent) {
    this.name = spec.name;
    this.services = new NodeServices(spec.name);
    const place = {
      node: spec.name,
      shell: (script: string, wait: Partial<Wait>, otherwise?: Fault) => this.#shell(script, wait, otherwise),
    };
    this.interfaces = named(
      `interface of ${spec.name}`,
      spec.interfaces.map((one) => new NodeInterface(one, place)),
    );
    this.container = container;
    this.pid = pid;
    this.shared = { networkMode: `container:${container.id}`, mounts: hostsMounts(where) };
    this.#agent = agent;
  }

  /**
   * Starts a node. It has only a loopback interface yet.
   * @throws ContainerError when the daemon refuses
   */
  static async start(place: NodePlace, spec: NodeSpec, signal?: AbortSignal): Promise<Node> {
    const { name } = spec;
    return step('alpy.network', `Start ${name}`, async () => {
      const container = await startContainer(place, name, signal);
      try {
        const agent = new Agent(container);
        const printed = await agent.run('echo $holder', { timeoutMs: defaultTimeoutMs, signal });
        const pid = Number(printed);
        if (!Number.isInteger(pid) || pid < 1)
          throw new ContainerError(`${name}: expected a PID from its container, got ${printed}`);
        return new Node(place, spec, container, pid, agent);
      } catch (error) {
        await container[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  /**
   * Replaces the addresses, routes and VLANs of its only interface, and its MTU and MAC address if they are given.
   * @throws UsageError if one is malformed or contradicts another one, before anything changes, or if it has several interfaces
   * @throws ExecError if the kernel refuses one, such as a gateway that no address can reach; this is never the device's fault
   * @throws EnvironmentError if the interface is gone, or has something else afterwards
   */
  async configure(config: InterfaceConfig, wait: Partial<Wait> = {}): Promise<void> {
    check.configure(arguments);
    const only = this.#only('configure');
    await step('alpy.network', `Configure ${this.name}`, () => only.apply(config, wait));
  }

  /**
   * Runs a program of the node image in the node's namespace.
   * @param command - a list of words, or a string for `sh`
   * @param options - `timeoutMs` is 30 s by default
   * @throws ExecError if its exit status is not 0 and `check` is not false
   * @throws ExecTimeoutError if it does not end in time; it may run on until the testbed ends
   */
  async run(command: string | readonly string[], options: NodeRunOptions = {}): Promise<NodeRunResult> {
    check.run(arguments);
    const words = typeof command === 'string' ? ['sh', '-c', command] : command;
    return step('alpy.network', `Run ${typeof command === 'string' ? command : command.join(' ')} on ${this.name}`, async () => {
      const { input, environment } = options;
      const killsBefore = this.container.outOfMemoryKills;
      const { exitStatus, stdout, stderr, droppedBytes } = await this.#exec({ command: words, input, environment }, options);
      const result = { stdout: stdout.toString(), stderr: stderr.toString(), ...programEnd(exitStatus), droppedBytes };
      if (exitStatus.code !== 0 && options.check !== false) {
        const hint = nodeLimitHint({ ...result, ranOutOfMemory: this.container.outOfMemoryKills > killsBefore });
        const blame = hint === undefined ? 'device' : ({ fault: 'usage', hint } as const);
        throw new ExecError(this.name, words, exitStatus, result.stdout, result.stderr, blame);
      }
      return result;
    });
  }

  /**
   * Sends five echo requests a second, until `count` of them were answered or the time is over.
   * @param target - address or name
   * @param options - `timeoutMs`: for all answers, default 10 s
   * @returns how many were answered, and how many were sent up to the last of these; too few answers are not an error
   * @throws ExecError if ping fails, for example for an unknown name
   */
  async ping(target: string, options: PingOptions = {}): Promise<PingReport> {
    check.ping(arguments);
    const { count = 1, timeoutMs = 10_000, sizeBytes } = options;
    const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
    const size = sizeBytes === undefined ? [] : ['-s', String(sizeBytes)];
    const command = ['ping', '-n', '-i', '0.2', '-c', String(count), '-w', seconds, ...size, '--', target];
    return step('alpy.network', `Ping ${target} from ${this.name}`, async () => {
      const wait = { timeoutMs: timeoutMs + 5000, signal: options.signal };
      const { exitStatus, stdout, stderr } = await this.#agent.runInBackground(command, wait);
      const report = parsePing(stdout, count);
      if (!report) throw new ExecError(this.name, command, exitStatus, stdout, stderr);
      return report;
    });
  }

  /** The kernel's counters of its only interface. @throws UsageError if it has several */
  async counters(wait: Partial<Wait> = {}): Promise<Counters> {
    check.counters(arguments);
    return this.#only('counters').counters(wait);
  }

  /**
   * Asserts that its interfaces exist. Without them, nothing that the node sees or does not see says anything about the device.
   * @throws EnvironmentError if one is gone
   */
  async assertInterface(wait: Partial<Wait> = {}): Promise<void> {
    for (const one of this.interfaces) await one.assertExists(wait);
  }

  /** name of its first interface @internal */
  get interfaceName(): string {
    return this.interfaces[0]?.name ?? '';
  }

  /**
   * Runs a program, whatever its exit status. The report shows no step for it.
   * @throws what `Agent.runInBackground` throws
   * @internal
   */
  async probe(command: readonly string[], wait: Wait): ReturnType<Agent['runInBackground']> {
    return this.#agent.runInBackground(command, wait);
  }

  /** The sockets of its namespace, for `takenPorts`. For alpy itself. */
  sockets(wait: Partial<Wait> = {}): Promise<string> {
    return this.#shell(printSockets, wait);
  }

  /** The addresses of its interfaces with their prefix lengths, without those of links. For alpy itself. */
  async addresses(wait: Partial<Wait> = {}): Promise<readonly string[]> {
    const all: string[] = [];
    for (const one of this.interfaces) all.push(...(await one.addresses(wait)));
    return all;
  }

  /**
   * Gives its interfaces the IPv6 address of a link, which DHCPv6 and router advertisements need. Nodes have none by themselves.
   * For alpy itself.
   */
  async addLinkAddress(wait: Partial<Wait> = {}): Promise<void> {
    for (const { name } of this.interfaces) await this.#shell(`ip address replace fe80::1/64 dev ${name} nodad`, wait, 'usage');
  }

  #only(method: 'configure' | 'counters' | 'setCarrier'): NodeInterface {
    const [only, ...others] = this.interfaces;
    if (only && others.length === 0) return only;
    const names = this.interfaces.map(({ name }) => name).join(', ');
    throw new UsageError(
      `${this.name}.${method}: expected a node with one interface, got ${names}. Use that of one of them: ${this.name}.interfaces.eth0.${method}`,
    );
  }

  /** Runs lines of shell, of which none may fail. The report shows no step for it. */
  async #shell(script: string, wait: Partial<Wait>, otherwise?: Fault): Promise<string> {
    return this.#agent.run(script, { timeoutMs: wait.timeoutMs ?? defaultTimeoutMs, signal: wait.signal }, otherwise);
  }

  #exec(spec: Parameters<typeof exec>[1], wait: Partial<Wait>): Promise<ExecResult> {
    return exec(this.container, spec, { timeoutMs: wait.timeoutMs ?? defaultTimeoutMs, signal: wait.signal });
  }

  /**
   * Turns the carrier of its only interface on or off. Addresses and routes stay. Does nothing on kernels older than 5.0.
   * @throws UsageError if it has several interfaces, ExecError when the kernel refuses
   */
  async setCarrier(isOn: boolean, wait: Partial<Wait> = {}): Promise<void> {
    check.setCarrier(arguments);
    await this.#only('setCarrier').setCarrier(isOn, wait);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container[Symbol.asyncDispose]();
  }
}

/**
 * `ip link set … netns PID` opens the namespace of a process. The kernel allows that only if the caller has all capabilities of
 * that process. So besides the process that takes commands, another one without capabilities holds the namespace. It prints its
 * PID when it has dropped them.
 */
const holdNamespace = `holder=$(setpriv --inh-caps=-all --bounding-set=-all sh -c 'echo $$; exec sleep infinity >/dev/null' </dev/null 2>/dev/null &)
${agentLoop}`;

/** Content of /etc/hosts in nodes and apps: what the daemon writes for containers without a Docker network. */
export const hostsText = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
`;

function hostsMounts({ hostsFile }: NodePlace): readonly Mount[] {
  return hostsFile === undefined ? [] : [{ source: hostsFile, target: '/etc/hosts', readOnly: false }];
}

async function startContainer(place: NodePlace, name: string, signal?: AbortSignal): Promise<Container> {
  const { engine, lifeline, startsAfter, image, hostsFile } = place;
  const spec = {
    name,
    image,
    entrypoint: ['sh', '-c', holdNamespace],
    command: [],
    networkMode: hostsFile === undefined ? 'none' : 'bare',
    mounts: hostsMounts(place),
    pidMode: lifeline.namespace,
    startsAfter,
    sharedMemory: false,
    ...nodeLimits,
    ...trafficCapabilities(),
  };
  try {
    return await Container.start(engine, { ...spec, sysctls: { ...sysctls4, ...sysctls6 } }, signal);
  } catch (error) {
    // a kernel without IPv6 does not have these settings, and does not need them
    if (!(error instanceof ContainerError && error.message.includes('net/ipv6') && error.message.includes('no such file')))
      throw error;
    return await Container.start(engine, { ...spec, sysctls: sysctls4 }, signal);
  }
}
