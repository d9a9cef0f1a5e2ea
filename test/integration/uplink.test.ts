// SPDX-License-Identifier: GPL-3.0-or-later
// The outside of these uplinks is the network namespace of a container of the test, with servers on its loopback interface.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Container } from '../../src/docker/index.ts';
import { imageNamed } from '../../src/images/index.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

/** Everything has an address for documentation, apart from what an uplink must not reach. */
const servers = `
ip address add 198.51.100.1/32 dev lo
echo nameserver 198.51.100.1 >/etc/resolv.conf
mkdir /tmp/public /tmp/private && echo from outside >/tmp/public/file && echo secret >/tmp/private/file
busybox httpd -p 198.51.100.1:80 -h /tmp/public
busybox httpd -p 127.0.0.1:8080 -h /tmp/private
dnsmasq --no-resolv --no-hosts --address=/www.example/198.51.100.1 --listen-address=198.51.100.1 --bind-interfaces
echo ready
exec sleep infinity`;

/** Asks for an address, and uses everything that it gets. */
const lease = [
  `printf '#!/bin/sh\\n[ "$1" != bound ] || { ip address replace "$ip/$mask" dev "$interface"; ip route add default via "$router"; echo "nameserver $dns" >/etc/resolv.conf; echo "$ip $router $dns" >/root/got; }\\n' >/root/lease`,
  'chmod +x /root/lease && ip link set eth0 up && udhcpc -i eth0 -n -q -s /root/lease',
];

let testHost: TestHost;
let outside: Container;
let testbed: Testbed;

beforeAll(async () => {
  testHost = await TestHost.open();
  const { engine, facts } = testHost;
  const image = imageNamed(facts.images, 'traffic').reference;
  const command = ['sh', '-ec', servers];
  outside = await Container.start(engine, {
    ...{ name: 'outside', image, entrypoint: [], command },
    ...{ networkMode: 'none', addCapabilities: ['NET_ADMIN'] },
  });
  await once(outside.stdout, 'data');
  const node0 = { uplink: `container:${outside.id}`, address: '10.0.2.100/24' };
  testbed = await testHost.testbed(rabbit(), 1, { nodes: { node0 } });
  await testbed.dut.boot();
  for (const command of lease) await testbed.dut.shell.run(command);
});

afterAll(async () => {
  await testbed.close();
  await outside[Symbol.asyncDispose]();
  expect(await testHost.containers()).toEqual([]);
  await testHost[Symbol.asyncDispose]();
});

async function inGuest(command: string): Promise<string> {
  return (await testbed.dut.shell.run(command)).output;
}

test('the device gets its address from the router, and reaches a server outside by its name', async () => {
  expect(await inGuest('cat /root/got')).toBe('10.0.2.15 10.0.2.2 10.0.2.3');
  expect(await inGuest('wget -q -O - http://www.example/file')).toBe('from outside');
});

test('the node is on the same link', async () => {
  expect(await testbed.nodes[0]!.ping('10.0.2.15')).toMatchObject({ received: 1 });
  expect(await testbed.nodes[0]!.ping('10.0.2.2')).toMatchObject({ received: 1 });
});

test('what the device and the node send each other in another network does not reach the router', async () => {
  await testbed.nodes[0]!.run('ip address add 192.0.2.1/24 dev eth0');
  await inGuest('ip address add 192.0.2.2/24 dev eth0');
  expect(await testbed.nodes[0]!.ping('192.0.2.2')).toMatchObject({ received: 1 });
  expect(await inGuest('wget -q -O - http://www.example/file')).toBe('from outside'); // the router has seen all before that
  const { capture } = testbed.links[0]!;
  expect(await capture.count('eth.src == 52:55:0a:00:02:02 && tcp.srcport == 80')).toBeGreaterThan(0);
  expect(await capture.count('eth.src == 52:55:0a:00:02:02 && icmp.type == 3')).toBe(0);
});

test("the loopback of the uplink's network cannot be reached", async () => {
  const closed = ['10.0.2.2', '10.0.2.3', '127.0.0.1'];
  // By default, Linux never sends packets for 127.0.0.1 to a link
  await inGuest('sysctl -w net.ipv4.conf.all.route_localnet=1; ip address flush dev lo; ip route add 127.0.0.1 via 10.0.2.2');
  const attempts = closed.map((address) => `wget -T 1 -q -O - http://${address}:8080/file >/root/found 2>/dev/null &`);
  await inGuest(`${attempts.join(' ')} wait`);
  expect(await inGuest('wget -q -O - http://198.51.100.1/file')).toBe('from outside');
  expect(await inGuest('cat /root/found')).toBe('');
  const { capture } = testbed.links[0]!;
  for (const address of closed) {
    expect(await capture.count(`ip.dst == ${address} && tcp.dstport == 8080`)).toBeGreaterThan(0);
    expect(await capture.count(`ip.src == ${address} && tcp.srcport == 8080`)).toBe(0);
  }
});
