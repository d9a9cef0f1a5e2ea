// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import type { Lease } from './dnsmasq.ts';
import type { DhcpServer, DnsServer, HttpServer, NtpServer, RunningServices, SyslogServer, TftpServer } from './types.ts';

/** How many leases a snapshot keeps: a guest may ask for any number. */
const maxLeases = 100;

/** The services that the configuration declares for a node, `topology.nodes.<node>`. */
export class NodeServices implements RunningServices {
  readonly #node: string;
  #running: Partial<RunningServices> = {};

  /** @param node - its name */
  constructor(node: string) {
    this.#node = node;
  }

  /** Takes over services that run. For alpy itself. */
  add(running: Partial<RunningServices>): void {
    this.#running = { ...this.#running, ...running };
  }

  /** The last leases that its DHCP server has given; undefined if the configuration declares none. For alpy itself. */
  get leases(): readonly Lease[] | undefined {
    return this.#running.dhcp?.seen.slice(-maxLeases);
  }

  /** @throws UsageError if the configuration declares none */
  get dhcp(): DhcpServer {
    return this.#get('dhcp');
  }

  /** @throws UsageError if the configuration declares none */
  get dns(): DnsServer {
    return this.#get('dns');
  }

  /** @throws UsageError if the configuration declares none */
  get http(): HttpServer {
    return this.#get('http');
  }

  /** @throws UsageError if the configuration declares none */
  get tftp(): TftpServer {
    return this.#get('tftp');
  }

  /** @throws UsageError if the configuration declares none */
  get ntp(): NtpServer {
    return this.#get('ntp');
  }

  /** @throws UsageError if the configuration declares none */
  get syslog(): SyslogServer {
    return this.#get('syslog');
  }

  #get<Kind extends keyof RunningServices>(kind: Kind): RunningServices[Kind] {
    const found = this.#running[kind];
    if (found) return found;
    throw new UsageError(
      `${this.#node}.services.${kind}: expected a service in topology.nodes.${this.#node}.${kind}, got none. Declare it there, or start one with services.${kind}`,
    );
  }
}
