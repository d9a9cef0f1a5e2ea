// SPDX-License-Identifier: GPL-3.0-or-later
import type { Dut } from 'alpy';
import { test as base } from 'alpy/test';

/** A logged-in Rabbit. Its NICs are called `eth0`, `eth1`, … in the order of the links. */
export class Rabbit {
  readonly dut: Dut;

  constructor(dut: Dut) {
    this.dut = dut;
  }

  /** Sets one address on each NIC, with its prefix length, and brings the NICs up. */
  async setAddresses(...addresses: readonly string[]): Promise<void> {
    const commands = addresses.flatMap((address, link) => [
      `'address replace ${address} dev eth${link}'`,
      `'link set eth${link} up'`,
    ]);
    // one process of ip for all: without KVM, starting a process costs more than its work
    await this.run(`printf '%s\\n' ${commands.join(' ')} | ip -batch -`);
  }

  /** Turns it into a router. */
  async forwardIpv4(): Promise<void> {
    await this.run('sysctl -q -w net.ipv4.ip_forward=1');
  }

  /** Limits the rate at which it sends on a link. `rate` is in tc's format: `1mbit`. */
  async limitRate(link: number, rate: string): Promise<void> {
    await this.run(`tc qdisc replace dev eth${link} root tbf rate ${rate} burst 5kb latency 200ms`);
  }

  /**
   * Spreads HTTP requests to its port 80 over servers, round robin.
   * @param servers - address and port of each: `192.168.2.2:80`
   */
  async balanceHttp(...servers: readonly string[]): Promise<void> {
    const lines = [
      'global',
      '  httpclient.ssl.verify none', // otherwise it reads all certificates of the system at each start
      'defaults',
      '  mode http',
      '  timeout connect 5s',
      '  timeout client 10s',
      '  timeout server 10s',
      'frontend web',
      '  bind :80',
      '  default_backend servers',
      'backend servers',
      '  balance roundrobin',
      ...servers.map((server, index) => `  server server${index} ${server}`),
    ];
    await this.dut.shell.upload(Buffer.from(`${lines.join('\n')}\n`), '/tmp/haproxy.cfg');
    await this.run('haproxy -D -f /tmp/haproxy.cfg');
  }

  /** Runs commands one after the other; throws if one fails. */
  async run(...commands: readonly string[]): Promise<string> {
    // "set -e" is on the line of the first command: a single line is typed as it is, several are encoded and the device must decode them
    return (await this.dut.shell.run(`set -e; ${commands.join('\n')}`)).output;
  }
}

/** Alpy's `test` with an additional fixture: `rabbit`. */
export const test = base.extend('rabbit', ({ dut }) => new Rabbit(dut));
