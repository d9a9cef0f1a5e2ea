// SPDX-License-Identifier: GPL-3.0-or-later
import { foundAt } from '../core/argument-problems.ts';
import type { Wait } from '../core/deadline.ts';
import { BugError, UsageError, type Fault } from '../core/errors.ts';
import { programEnd } from '../core/exit-status.ts';
import { named, type Named } from '../core/named.ts';
import { step } from '../core/step.ts';
import { ExecError, type Agent, type Container, type ContainerSpec, type ExecResult, type ExecSpec } from '../docker/index.ts';
import { changeProblems, type NodeChanges, type NodeConfig, type NodeSpec } from '../topology/index.ts';
import { bondAddresses, configureBond, replaceBond } from './bond.ts';
import type { Counters } from './counters.ts';
import { guestHint } from './guest/hint.ts';
import { GuestMachine } from './guest/machine.ts';
import type { InterfacePlace } from './interface-place.ts';
import { NodeContainer, type NodePlace } from './node-container.ts';
import { NodeInterface } from './node-interface.ts';
import { nodeLimitHint } from './node-limits.ts';
import { check, type NodeRunOptions, type NodeRunResult, type PingOptions } from './node-options.ts';
import { parsePing, type PingReport } from './ping.ts';
import { NodeServices } from './services/node-services.ts';
import { printSockets } from './services/ports.ts';
import { sysctlScript } from './set-sysctls.ts';
import { checkSysctls, type Sysctls } from './sysctls.ts';

const defaultTimeoutMs = 30_000;

/**
 * A container that holds a network namespace, or a guest with a kernel of its own. It has an interface for each link and segment that it
 * is on. On a link with a device, that is the tap of the device's NIC, unless the node is a guest or has an uplink.
 */
export class Node implements AsyncDisposable {
  /** as in the topology; `node0`, `node1`, … in the order of the links in its short form */
  readonly name: string;
  /** by name and in order: `node.interfaces.eth0` */
  readonly interfaces: Named<NodeInterface>;
  /** for a guest: the container in which its QEMU runs */
  readonly container: Container;
  /** the services that the configuration declares for it, by their names: `node.services.dhcp` */
  readonly services: NodeServices;
  readonly #base: NodeContainer | GuestMachine;
  readonly #place: InterfacePlace;
  readonly #declared: NodeConfig | undefined;

  private constructor(spec: NodeSpec, base: NodeContainer | GuestMachine) {
    this.name = spec.name;
    this.services = new NodeServices(spec.name);
    this.#place = {
      node: spec.name,
      shell: (script: string, wait: Partial<Wait>, otherwise?: Fault) => this.#shell(script, wait, otherwise),
    };
    this.interfaces = named(
      `interface of ${spec.name}`,
      spec.interfaces.map((one) => new NodeInterface(one, this.#place)),
    );
    this.container = base.container;
    this.#base = base;
    this.#declared = spec.config;
  }

  /**
   * Starts a node. It has only a loopback interface yet.
   * @throws ContainerError when the daemon refuses
   */
  static async start(place: NodePlace, spec: NodeSpec, signal?: AbortSignal): Promise<Node> {
    const { name } = spec;
    return step('alpy.network', `Start ${name}`, async () => {
      const { guest } = place;
      if (spec.config?.kind !== 'guest') return new Node(spec, await NodeContainer.start(place, spec, signal));
      if (!guest) throw new BugError(`the image for the guest ${name} is not known`);
      return new Node(spec, await GuestMachine.start(place, guest, spec, signal));
    });
  }

  /** the process that holds its network namespace, by its number in the testbed's PID namespace @internal */
  get pid(): number {
    return this.#base.pid;
  }

  /** the guest that it is, if it is one @internal */
  get guest(): GuestMachine | undefined {
    return this.#base instanceof GuestMachine ? this.#base : undefined;
  }

  /**
   * What a container needs to share its network: the namespace and the hosts file.
   * @throws UsageError if it is a guest, which no container can share anything with
   * @internal
   */
  get shared(): Pick<ContainerSpec, 'networkMode' | 'mounts'> {
    return this.containerFor('an app').shared;
  }

  /**
   * Its container, for something that runs in its network namespace.
   * @param what - for the message: `an app`
   * @throws UsageError if it is a guest
   * @internal
   */
  containerFor(what: string): NodeContainer {
    if (!(this.#base instanceof GuestMachine)) return this.#base;
    throw new UsageError(
      `${this.name}: expected a node of kind container for ${what}, got one of kind guest. Use another node for it, or run a program of this one with node.run`,
    );
  }

  /**
   * Replaces the addresses, routes and VLANs of its only interface, and its MTU and MAC address if they are given.
   * @param config - `bond` combines interfaces into `bond0`, and replaces what they had. `sysctls` changes only the settings that it names.
   *   `sysctls` alone leaves the interface as it is.
   * @throws UsageError if one is malformed or contradicts another one, before anything changes, if it has several interfaces and no bond,
   *   or if the kernel refuses a sysctl
   * @throws ExecError if the kernel refuses something else, such as a gateway that no address can reach; this is never the device's fault
   * @throws EnvironmentError if the interface is gone, or has something else afterwards
   */
  async configure(config: NodeChanges, wait: Partial<Wait> = {}): Promise<void> {
    check.configure(arguments);
    const { sysctls, bond, ...own } = config;
    const names = this.interfaces.map(({ name }) => name);
    const [problem] = changeProblems(config, this.#declared, names);
    if (problem) {
      const { path, expected } = problem;
      throw new UsageError(`${this.name}.configure: ${path.join('.')}: expected ${expected}, got ${foundAt(config, path)}`);
    }
    const changesInterface = !bond && (sysctls === undefined || Object.values(own).some((value) => value !== undefined));
    const only = changesInterface ? this.#only('configure') : undefined;
    await step('alpy.network', `Configure ${this.name}`, async () => {
      if (sysctls && Object.keys(sysctls).length > 0) await this.#changeSysctls(sysctls, wait);
      if (bond) await replaceBond(this.#place, { ...bond, interfaces: bond.interfaces ?? names }, wait);
      await only?.apply(own, wait);
    });
  }

  /**
   * Runs a program of the node image in the node's namespace, or a program of the guest if it is one.
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
        const ranOutOfMemory = this.container.outOfMemoryKills > killsBefore;
        const hint = this.guest ? guestHint(result) : nodeLimitHint({ ...result, ranOutOfMemory });
        const blame = hint === undefined ? 'device' : ({ fault: 'usage', hint } as const);
        throw new ExecError(this.name, words, exitStatus, result.stdout, result.stderr, blame);
      }
      return result;
    });
  }

  /**
   * Sends five echo requests a second, until `count` of them were answered, an ICMP error comes back, such as "destination unreachable",
   * or the time is over.
   * @param target - address or name
   * @param options - `timeoutMs`: for all answers, default 10 s
   * @returns how many were sent and answered, without requests that it sent while the last answer was on its way; too few answers are not
   *   an error
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
      const { exitStatus, stdout, stderr } = await this.#base.agent.runInBackground(command, wait);
      const report = parsePing(stdout, count);
      if (!report) throw new ExecError(this.name, command, exitStatus, stdout, stderr);
      return report;
    });
  }

  /** The kernel's counters of its only interface. @throws UsageError if it has several, ExecError if it is gone */
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

  /**
   * Asserts that it has the settings of its configuration, and combines its interfaces into a bond if it has one.
   * @throws ExecError if the kernel refuses the bond, EnvironmentError if a setting differs, UsageError if a guest's does
   * @internal
   */
  async prepare({ sysctls = {}, bond }: NodeConfig, wait: Partial<Wait>): Promise<void> {
    await checkSysctls(this.#place, sysctls, this.guest && `topology.nodes.${this.name}.sysctls`, wait);
    if (!bond) return;
    const interfaces = bond.interfaces ?? this.interfaces.map(({ name }) => name);
    await configureBond(this.#place, { ...bond, interfaces }, wait);
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
    return this.#base.agent.runInBackground(command, wait);
  }

  /** The sockets of its namespace, for `takenPorts`. For alpy itself. */
  sockets(wait: Partial<Wait> = {}): Promise<string> {
    return this.#shell(printSockets, wait);
  }

  /** The addresses of its interfaces and its bond with their prefix lengths, without those of links and VLANs. For alpy itself. */
  async addresses(wait: Partial<Wait> = {}): Promise<readonly string[]> {
    const all: string[] = [];
    for (const one of this.interfaces) all.push(...(await one.addresses(wait)));
    return [...all, ...(await bondAddresses(this.#place, wait))];
  }

  /**
   * Gives its interfaces the IPv6 address of a link, which DHCPv6 and router advertisements need. Nodes have none by themselves.
   * For alpy itself.
   */
  async addLinkAddress(wait: Partial<Wait> = {}): Promise<void> {
    for (const { name } of this.interfaces) await this.#shell(`ip address replace fe80::1/64 dev ${name} nodad`, wait, 'usage');
  }

  /** Changes settings of its network, and checks that they have taken effect. */
  async #changeSysctls(sysctls: Sysctls, wait: Partial<Wait>): Promise<void> {
    const key = `${this.name}.configure: sysctls`;
    if (this.#base instanceof NodeContainer) await this.#base.setSysctls(key, sysctls, wait);
    else await this.#shell(sysctlScript(sysctls), wait);
    await checkSysctls(this.#place, sysctls, this.guest && key, wait);
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
    return this.#base.agent.run(script, { timeoutMs: wait.timeoutMs ?? defaultTimeoutMs, signal: wait.signal }, otherwise);
  }

  #exec(spec: ExecSpec, wait: Partial<Wait>): Promise<ExecResult> {
    return this.#base.exec(spec, { timeoutMs: wait.timeoutMs ?? defaultTimeoutMs, signal: wait.signal });
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
