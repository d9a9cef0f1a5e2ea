// SPDX-License-Identifier: GPL-3.0-or-later
// A node on several links and segments. The devices never run: only nodes talk to each other, through hubs.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveTopology } from '../../src/topology/index.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

const topology = resolveTopology({
  duts: { left: 'rabbit', right: 'rabbit' },
  nodes: {
    server: {
      interfaces: { eth0: { address: '10.1.0.1/24' }, eth1: { address: '10.2.0.1/24' } },
      dhcp: {},
      dns: { records: { 'www.example': '10.2.0.1' } },
      ntp: {},
    },
    near: { address: '10.1.0.2/24', resolver: { servers: '10.1.0.1', search: 'example' } },
    far: { address: '10.2.0.2/24', resolver: { servers: '10.2.0.1', search: 'example' } },
  },
  links: [],
  segments: { one: ['left:0', 'server', 'near'], two: ['right:0', 'server', 'far'] },
});

let testHost: TestHost;

beforeAll(async () => {
  testHost = await TestHost.open();
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

/** Asks for the time, as of RFC 5905. Prints how many bytes the answer has. */
const askTime = (address: string): string => `exec 3<>/dev/udp/${address}/123
{ printf '\\043'; head -c 47 /dev/zero; } | dd bs=48 iflag=fullblock status=none >&3
timeout 20 head -c 48 <&3 | wc -c`;

/** Asks for a lease, and prints it. */
const askLease = 'ip route add default dev eth0; busybox udhcpc -i eth0 -t 10 -n -q -s /bin/true 2>&1';

test.each(['bind', 'copy'] as const)('files: %s: DHCP, DNS and NTP of a node answer on all of its interfaces', async (kind) => {
  const facts = { ...testHost.facts, access: { kind } };
  await using testbed = await testHost.testbedWith([rabbit(), rabbit()], topology, { facts });
  const { nodes, apps } = testbed;
  const [server, near, far] = nodes;
  for (const [node, network] of [
    [near!, '10.1.0'],
    [far!, '10.2.0'],
  ] as const) {
    const run = async (script: string): Promise<string> =>
      (await apps.run({ node, command: ['bash', '-c', script] })).stdout.trim();
    expect(await run('getent ahostsv4 www')).toMatch(/^10\.2\.0\.1 /);
    expect(await run(askLease)).toContain(`lease of ${network}.`);
    expect(await run(askTime(`${network}.1`))).toBe('48');
  }
  await expect
    .poll(() => server!.services.ntp.seen, { timeout: 30_000 })
    .toEqual([{ client: '10.1.0.2' }, { client: '10.2.0.2' }]);
  await testbed.close();
});
