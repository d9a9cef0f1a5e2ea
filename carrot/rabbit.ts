// SPDX-License-Identifier: GPL-3.0-or-later
import type { Dut } from 'alpy';
import { test as base } from 'alpy/test';

/** Rabbit, logged in: its NICs are called `eth0`, `eth1`, … as the links are counted. */
export class Rabbit {
  readonly dut: Dut;

  constructor(dut: Dut) {
    this.dut = dut;
  }

  /** Gives its NICs one address each, with the prefix length, and brings them up. */
  async setAddresses(...addresses: readonly string[]): Promise<void> {
    const commands = addresses.flatMap((address, link) => [
      `'address replace ${address} dev eth${link}'`,
      `'link set eth${link} up'`,
    ]);
    // one process of ip for all: without KVM each costs more than what it does
    await this.run(`printf '%s\\n' ${commands.join(' ')} | ip -batch -`);
  }

  /** Makes it a router. */
  async forwardIpv4(): Promise<void> {
    await this.run('sysctl -q -w net.ipv4.ip_forward=1');
  }

  /** Limits what it sends on a link. `rate` as tc wants it: `1mbit`. */
  async limitRate(link: number, rate: string): Promise<void> {
    await this.run(`tc qdisc replace dev eth${link} root tbf rate ${rate} burst 5kb latency 200ms`);
  }

  /**
   * Spreads HTTP requests to its port 80 over servers in turn.
   * @param servers - address and port of each: `192.168.2.2:80`
   */
  async balanceHttp(...servers: readonly string[]): Promise<void> {
    const lines = [
      'global',
      '  httpclient.ssl.verify none', // else it reads all certificates of the system at each start
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

  /** Runs commands one after the other; none may fail. */
  async run(...commands: readonly string[]): Promise<string> {
    // on the line of the first: a command alone is then typed as it is, where lines have to be decoded by the device
    return (await this.dut.shell.run(`set -e; ${commands.join('\n')}`)).output;
  }
}

/** Alpy's `test` with one more fixture: `rabbit`. */
export const test = base.extend('rabbit', ({ dut }) => new Rabbit(dut));
