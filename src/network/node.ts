// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import type { Fault } from '../core/errors.ts';
import { log, step } from '../core/step.ts';
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
import type { NodeSpec } from '../topology/index.ts';
import { configureCommands, type InterfaceConfig } from './address.ts';
import { ipBatch } from './ip-batch.ts';
import { parseCounters, type Counters } from './counters.ts';
import { parsePing, type PingReport } from './ping.ts';

/** Where nodes are made. */
export interface NodePlace {
  readonly engine: Engine;
  readonly lifeline: Lifeline;
  /** the `node` image */
  readonly image: string;
  /** a {@link hostsText} that the daemon sees by the same path; absent when it sees no files of this machine */
  readonly hostsFile?: string | undefined;
}

/** How to run a command on a node. */
export interface NodeRunOptions extends Partial<Wait> {
  /** whether an exit status other than 0 is an error; default true */
  readonly check?: boolean | undefined;
  readonly input?: string | Uint8Array | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** What a command on a node printed and how it ended. */
export interface NodeRunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: number;
  /** how many bytes are missing at the beginning of `stdout` and `stderr`, of which the last 16 MiB are kept */
  readonly droppedBytes: number;
}

const defaultTimeoutMs = 30_000;

/**
 * Nothing of the harness's own may appear on a link: no IPv6 address of its own making (so no router solicitation and no
 * duplicate address detection), and no packet dropped because of an asymmetric route.
 */
const sysctls4 = { 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.default.rp_filter': '0' };
const sysctls6 = {
  'net.ipv6.conf.all.disable_ipv6': '0', // Docker disables it where a container has no network of Docker's
  'net.ipv6.conf.default.addr_gen_mode': '1',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.dad_transmits': '0',
};

/** A container that holds the namespace at the far end of a link. Its interface is the tap of the device's NIC. */
export class Node implements AsyncDisposable {
  /** `node0`, `node1`, … in the order of the links */
  readonly name: string;
  readonly container: Container;
  /** the process that holds its namespace, as the testbed's PID namespace counts */
  readonly pid: number;
  /** what a container needs to share its network: its namespace, and the hosts file that goes with it */
  readonly shared: Pick<ContainerSpec, 'networkMode' | 'mounts'>;
  readonly #agent: Agent;
  /** name of its interface */
  readonly #interface: string;

  private constructor(place: NodePlace, spec: NodeSpec, container: Container, pid: number, agent: Agent) {
    this.name = spec.name;
    this.#interface = spec.interfaces[0].name;
    this.container = container;
    this.pid = pid;
    this.shared = { networkMode: `container:${container.id}`, mounts: hostsMounts(place) };
    this.#agent = agent;
  }

  /**
   * Starts a node, with nothing but a loopback interface yet.
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
        if (!Number.isInteger(pid) || pid < 1) throw new ContainerError(`${name}: its container printed ${printed}, not a PID`);
        return new Node(place, spec, container, pid, agent);
      } catch (error) {
        await container[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  /**
   * Gives its interface addresses, routes and MTU, in place of those it had.
   * @throws UsageError when one is malformed, before anything changes
   * @throws ExecError when the kernel refuses one, such as a gateway that no address can reach; no device has a part in that
   */
  async configure(config: InterfaceConfig, wait: Partial<Wait> = {}): Promise<void> {
    const script = ipBatch(configureCommands(this.#interface, config));
    await step('alpy.network', `Configure ${this.name}`, () => this.#shell(script, wait, 'usage'));
  }

  /**
   * Runs a program of the node image in the node's namespace.
   * @param command - a list of words, or a text for `sh`
   * @param options - `timeoutMs` is 30 s by default
   * @throws ExecError when its exit status is not 0 and `check` is not false
   * @throws ExecTimeoutError when it does not end in time; it may go on until the testbed ends
   */
  async run(command: string | readonly string[], options: NodeRunOptions = {}): Promise<NodeRunResult> {
    const words = typeof command === 'string' ? ['sh', '-c', command] : command;
    return step('alpy.network', `Run ${typeof command === 'string' ? command : command.join(' ')} on ${this.name}`, async () => {
      const { input, environment } = options;
      const { exitStatus, stdout, stderr, droppedBytes } = await this.#exec({ command: words, input, environment }, options);
      const result = { stdout: stdout.toString(), stderr: stderr.toString(), exitStatus: exitStatus.code, droppedBytes };
      if (exitStatus.code !== 0 && options.check !== false)
        throw new ExecError(this.name, words, exitStatus, result.stdout, result.stderr);
      return result;
    });
  }

  /**
   * Sends echo requests, five a second, until so many were answered or the time is over.
   * @param target - address or name
   * @param options - `count` answers to wait for, default 1; `timeoutMs` in all, default 10 s; `sizeBytes` of payload
   * @returns what was sent and answered; too few answers are no error
   * @throws ExecError when ping itself cannot work, such as for a name that is none
   */
  async ping(
    target: string,
    options: Partial<Wait> & { readonly count?: number; readonly sizeBytes?: number } = {},
  ): Promise<PingReport> {
    const { count = 1, timeoutMs = 10_000, sizeBytes } = options;
    const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
    const size = sizeBytes === undefined ? [] : ['-s', String(sizeBytes)];
    const command = ['ping', '-n', '-i', '0.2', '-c', String(count), '-w', seconds, ...size, '--', target];
    return step('alpy.network', `Ping ${target} from ${this.name}`, async () => {
      const wait = { timeoutMs: timeoutMs + 5000, signal: options.signal };
      const { exitStatus, stdout, stderr } = await this.#agent.runInBackground(command, wait);
      const report = parsePing(stdout);
      if (!report) throw new ExecError(this.name, command, exitStatus, stdout, stderr);
      return report;
    });
  }

  /** What has gone through its interface so far, as the kernel counts. */
  async counters(wait: Partial<Wait> = {}): Promise<Counters> {
    return parseCounters(await this.#shell(`ip -j -s link show dev ${this.#interface}`, wait));
  }

  /** Runs lines of shell, of which none may fail; no step of the report. */
  async #shell(script: string, wait: Partial<Wait>, otherwise?: Fault): Promise<string> {
    return this.#agent.run(script, { timeoutMs: wait.timeoutMs ?? defaultTimeoutMs, signal: wait.signal }, otherwise);
  }

  #exec(spec: Parameters<typeof exec>[1], wait: Partial<Wait>): Promise<ExecResult> {
    return exec(this.container, spec, { timeoutMs: wait.timeoutMs ?? defaultTimeoutMs, signal: wait.signal });
  }

  /** Brings its loopback interface up, and the tap that was moved in. @throws ExecError when there is none */
  async bringUp(wait: Partial<Wait> = {}): Promise<void> {
    await this.#shell(ipBatch(['link set lo up', `link set ${this.#interface} up`]), wait);
  }

  /**
   * Gives its interface the carrier, or takes it away; addresses and routes stay. Does nothing on a kernel older than 5.0.
   * @throws ExecError when the kernel refuses
   */
  async setCarrier(isOn: boolean, wait: Partial<Wait> = {}): Promise<void> {
    try {
      await this.#shell(`ip link set ${this.#interface} carrier ${isOn ? 'on' : 'off'}`, wait);
    } catch (error) {
      if (!(error instanceof ExecError && error.stderr.includes('not supported'))) throw error;
      log('alpy.network', `${this.name} keeps its carrier: only Linux 5.0 and newer let a program set that of a tap`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container[Symbol.asyncDispose]();
  }
}

/**
 * `ip link set … netns PID` has to open the namespace by a PID, and the kernel allows it only to those who may do at least
 * what that process may: so one without any capability holds it, besides the one that takes commands. It tells its PID when it
 * has given them up.
 */
const holdNamespace = `holder=$(setpriv --inh-caps=-all --bounding-set=-all sh -c 'echo $$; exec sleep infinity >/dev/null' </dev/null 2>/dev/null &)
${agentLoop}`;

/** What /etc/hosts says in nodes and apps: as the daemon writes it where a container has no network of the daemon's. */
export const hostsText = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
`;

function hostsMounts({ hostsFile }: NodePlace): readonly Mount[] {
  return hostsFile === undefined ? [] : [{ source: hostsFile, target: '/etc/hosts', readOnly: false }];
}

async function startContainer(place: NodePlace, name: string, signal?: AbortSignal): Promise<Container> {
  const { engine, lifeline, image, hostsFile } = place;
  const spec = {
    name,
    image,
    entrypoint: ['sh', '-c', holdNamespace],
    command: [],
    networkMode: hostsFile === undefined ? 'none' : 'bare',
    mounts: hostsMounts(place),
    pidMode: lifeline.pidNamespace,
    startsAfter: lifeline.running,
    sharedMemory: false,
    ...trafficCapabilities(),
  };
  try {
    return await Container.start(engine, { ...spec, sysctls: { ...sysctls4, ...sysctls6 } }, signal);
  } catch (error) {
    // a kernel without IPv6 has no such settings, nor anything that they would keep quiet
    if (!(error instanceof ContainerError && error.message.includes('net/ipv6') && error.message.includes('no such file')))
      throw error;
    return await Container.start(engine, { ...spec, sysctls: sysctls4 }, signal);
  }
}
