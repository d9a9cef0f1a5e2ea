// SPDX-License-Identifier: GPL-3.0-or-later
import type { Dut } from 'alpy';
import { expect, test as base, type PerLink } from 'alpy/test';

/** A logged-in Rabbit. Its NICs are called `eth0`, `eth1`, … in the order of the links. */
export class Rabbit {
  readonly dut: Dut;
  /** the commands that configured it, for {@link Rabbit.saveConfiguration} */
  readonly #configuration: string[] = [];

  constructor(dut: Dut) {
    this.dut = dut;
  }

  /** Sets the addresses of each NIC in their order, with prefix lengths, and brings the NICs up. A list sets several on one NIC. */
  async setAddresses(...addresses: readonly (string | readonly string[])[]): Promise<void> {
    const commands = addresses.flatMap((list, link) => [
      ...[list].flat().map((address) => `'address replace ${address} dev eth${link}'`),
      `'link set eth${link} up'`,
    ]);
    // skips duplicate address detection, so that Rabbit can use its IPv6 addresses at once: no other host has the same
    const usable = 'for nic in /proc/sys/net/ipv6/conf/eth*; do echo 0 >$nic/accept_dad; done';
    // one process of ip for all: without KVM, starting a process costs more than its work
    await this.#configure(`${usable}; printf '%s\\n' ${commands.join(' ')} | ip -batch -`);
  }

  /** Turns it into a router. */
  async forwardIpv4(): Promise<void> {
    await this.#configure('sysctl -q -w net.ipv4.ip_forward=1');
  }

  /** Turns it into a router for IPv6. */
  async forwardIpv6(): Promise<void> {
    await this.#configure('sysctl -q -w net.ipv6.conf.all.forwarding=1');
  }

  /** Replaces its packet filter and its address translation by rules in the language of nft. */
  async filter(rules: string): Promise<void> {
    await this.write('/etc/nftables.conf', `flush ruleset\n${rules}\n`);
    await this.#configure('nft -f /etc/nftables.conf');
  }

  /** Limits the rate at which it sends on a link. `rate` is in tc's format: `1mbit`. */
  async limitRate(link: number, rate: string): Promise<void> {
    await this.#configure(`tc qdisc replace dev eth${link} root tbf rate ${rate} burst 5kb latency 200ms`);
  }

  /**
   * Spreads HTTP requests to its port 80 over servers, round robin. If a server refuses a request, another gets it.
   * @param servers - address and port of each: `192.168.2.2:80`
   */
  async balanceHttp(...servers: readonly string[]): Promise<void> {
    const lines = [
      'global',
      '  httpclient.ssl.verify none', // otherwise it reads all certificates of the system at each start
      'defaults',
      '  mode http',
      '  option redispatch 1', // a request that a server refuses goes to another
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
    await this.write('/tmp/haproxy.cfg', `${lines.join('\n')}\n`);
    await this.run('haproxy -D -f /tmp/haproxy.cfg');
  }

  /** Saves the present addresses, forwarding, filter and limit, so that each later boot restores them. */
  async saveConfiguration(): Promise<void> {
    await this.write('/etc/rabbit/local', ['#!/bin/sh', ...this.#configuration, ''].join('\n'));
    await this.run('chmod 755 /etc/rabbit/local', 'sync');
  }

  /**
   * Starts BIRD, a routing daemon, which knows the NICs and their addresses.
   * @param id - its identifier, in the form of an IPv4 address
   * @param protocols - the rest of its configuration
   */
  async startRouting(id: string, protocols: string): Promise<void> {
    const lines = [
      `router id ${id};`,
      'protocol device {}',
      'protocol direct { ipv4; ipv6; }',
      'protocol kernel { ipv4 { export where source != RTS_DEVICE; }; }',
      protocols,
    ];
    await this.write('/etc/bird.conf', `${lines.join('\n')}\n`);
    // with a wrong configuration, BIRD exits only after it has gone to the background, so ask it something
    await this.run('mkdir -p /run/bird', 'bird -c /etc/bird.conf', 'birdc show status >/dev/null');
  }

  /** Waits until it notices that a link has gained its carrier, or lost it. */
  async waitForCarrier(link: number, isUp: boolean): Promise<void> {
    const carrier = (): Promise<string> => this.run(`cat /sys/class/net/eth${link}/carrier`);
    await expect.poll(carrier, { timeout: 10_000 * this.dut.timeFactor }).toBe(isUp ? '1' : '0');
  }

  /** Writes a text to a file. */
  async write(path: string, text: string): Promise<void> {
    await this.dut.shell.upload(Buffer.from(text), path);
  }

  /** Runs commands one after the other; throws if one fails. */
  async run(...commands: readonly string[]): Promise<string> {
    // "set -e" is on the line of the first command: a single line is typed as it is, but the device must decode several lines
    return (await this.dut.shell.run(`set -e; ${commands.join('\n')}`)).output;
  }

  async #configure(command: string): Promise<void> {
    await this.run(command);
    this.#configuration.push(command);
  }
}

/** Alpy's `test` with additional fixtures: `rabbit`, and `rabbits` in the order of the devices. */
export const test = base
  .extend('rabbit', ({ dut }) => new Rabbit(dut))
  .extend('rabbits', ({ duts }) => duts.map((dut) => new Rabbit(dut)) as unknown as PerLink<Rabbit>);
