// SPDX-License-Identifier: GPL-3.0-or-later
import { foundAt } from '../core/argument-problems.ts';
import { argumentsOf } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { abortSignal } from '../core/schemas.ts';
import {
  Dhcp,
  dhcpPlan,
  Dns,
  dnsPlan,
  Http,
  httpPlan,
  nodeArgument,
  Ntp,
  ntpPlan,
  Radius,
  radiusPlan,
  Syslog,
  syslogPlan,
  Tftp,
  takenPorts,
  tftpPlan,
  type App,
  type DhcpServer,
  type DnsServer,
  type HttpServer,
  type Node,
  type NtpServer,
  type RadiusServer,
  type ServicePlan,
  type SyslogServer,
  type TftpServer,
} from '../network/index.ts';
import {
  dhcpProblems,
  dhcpRanges,
  type DhcpOptions,
  type DnsOptions,
  type HttpOptions,
  type NtpOptions,
  type RadiusOptions,
  type SyslogOptions,
  type TftpOptions,
} from '../topology/index.ts';
import {
  dhcpOptions,
  dnsOptions,
  httpOptions,
  ntpOptions,
  radiusOptions,
  syslogOptions,
  tftpOptions,
} from '../topology/schemas.ts';
import type { Apps } from './apps.ts';

const signal = abortSignal.optional();

const check = {
  dhcp: argumentsOf('services.dhcp', { node: nodeArgument, options: dhcpOptions.optional(), signal }),
  dns: argumentsOf('services.dns', { node: nodeArgument, options: dnsOptions.optional(), signal }),
  http: argumentsOf('services.http', { node: nodeArgument, options: httpOptions, signal }),
  tftp: argumentsOf('services.tftp', { node: nodeArgument, options: tftpOptions, signal }),
  ntp: argumentsOf('services.ntp', { node: nodeArgument, options: ntpOptions.optional(), signal }),
  syslog: argumentsOf('services.syslog', { node: nodeArgument, options: syslogOptions.optional(), signal }),
  radius: argumentsOf('services.radius', { node: nodeArgument, options: radiusOptions, signal }),
};

/**
 * Starts servers beside nodes: programs in containers that share the network namespace of a node. They run until the testbed ends. Each
 * function waits until its server can be used.
 *
 * They throw UsageError if an option is wrong or a file is missing, and NodeServiceError if a port is used or the program cannot start.
 */
export class Services {
  readonly #apps: Apps;

  constructor(apps: Apps) {
    this.#apps = apps;
  }

  /** Starts a DHCP server, which serves the networks of the node's addresses. */
  async dhcp(node: Node, options: DhcpOptions = {}, signal?: AbortSignal): Promise<DhcpServer> {
    check.dhcp(arguments);
    const addresses = await node.addresses({ signal });
    const where = `services.dhcp(${node.name})`;
    if (addresses.length === 0)
      throw new UsageError(
        `${where}: expected a node with an address, got one without. Call ${node.name}.configure({ address }) before`,
      );
    const [problem] = dhcpProblems(addresses, options);
    if (problem) {
      const { path, expected } = problem;
      throw new UsageError(`${where}: expected ${path.join('.')} to be ${expected}, got ${foundAt(options, path)}`);
    }
    const hasDns = takenPorts(await node.sockets({ signal }), dnsPlan({}).ports).length > 0;
    if (dhcpRanges(addresses, options).some(({ family }) => family === 6)) await node.addLinkAddress({ signal });
    return new Dhcp(await this.#start(node, 'dhcp', dhcpPlan(addresses, options, hasDns), signal));
  }

  /** Starts a DNS server. */
  async dns(node: Node, options: DnsOptions = {}, signal?: AbortSignal): Promise<DnsServer> {
    check.dns(arguments);
    return new Dns(await this.#start(node, 'dns', dnsPlan(options), signal));
  }

  /** Starts a web server. */
  async http(node: Node, options: HttpOptions, signal?: AbortSignal): Promise<HttpServer> {
    check.http(arguments);
    return new Http(await this.#start(node, 'http', httpPlan(options), signal));
  }

  /** Starts a TFTP server, which only lets clients read. */
  async tftp(node: Node, options: TftpOptions, signal?: AbortSignal): Promise<TftpServer> {
    check.tftp(arguments);
    return new Tftp(await this.#start(node, 'tftp', tftpPlan(options), signal));
  }

  /** Starts an NTP server with the time of this machine. */
  async ntp(node: Node, options: NtpOptions = {}, signal?: AbortSignal): Promise<NtpServer> {
    check.ntp(arguments);
    return new Ntp(await this.#start(node, 'ntp', ntpPlan(options), signal));
  }

  /** Starts a syslog server, for UDP and TCP. */
  async syslog(node: Node, options: SyslogOptions = {}, signal?: AbortSignal): Promise<SyslogServer> {
    check.syslog(arguments);
    return new Syslog(await this.#start(node, 'syslog', syslogPlan(options), signal));
  }

  /** Starts a RADIUS server, for authentication by PAP and CHAP, and for accounting. */
  async radius(node: Node, options: RadiusOptions, signal?: AbortSignal): Promise<RadiusServer> {
    check.radius(arguments);
    return new Radius(await this.#start(node, 'radius', radiusPlan(options), signal));
  }

  async #start(node: Node, kind: string, plan: ServicePlan, signal?: AbortSignal): Promise<App> {
    return await this.#apps.startService(
      { kind, where: `services.${kind}(${node.name})`, node, plan, mayPortsBeTaken: true },
      signal,
    );
  }
}
