// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { chown, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takenPorts, type Node } from '../../src/network/index.ts';
import type { Appliance, Testbed } from '../../src/testbed/index.ts';
import { resolveTopology, type RawTopology } from '../../src/topology/index.ts';
import { documentedConfig } from '../support/documented-config.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

const mac = '52:54:00:a1:00:00';
/** Asks for an address, and uses it. */
const lease = [
  `printf '#!/bin/sh\\n[ "$1" != bound ] || { ip address replace "$ip/$mask" dev "$interface"; echo "$router $dns $domain" >/root/got; }\\n' >/root/lease`,
  'chmod +x /root/lease && ip link set eth0 up && udhcpc -i eth0 -n -q -s /root/lease',
];
const ports = [
  ...[53, 67, 69, 123, 514, 547].map((port) => ({ protocol: 'udp', port }) as const),
  ...[53, 80, 514].map((port) => ({ protocol: 'tcp', port }) as const),
];

let testHost: TestHost;
let testbed: Testbed;
let node0: Node;
let node1: Node;

beforeAll(async () => {
  testHost = await TestHost.open();
  const root = await privateFolder('of-this-user');
  const ordinary = await privateFolder('of-another-user');
  if (process.getuid?.() === 0) for (const path of [ordinary, join(ordinary, 'preseed.cfg')]) await chown(path, 1234, 1234);
  const nodes = {
    node0: {
      address: ['192.168.1.1/24', 'fd00::1/64'],
      routes: [{ to: '10.0.0.0/8', via: '192.168.1.2' }],
      dhcp: { domain: 'lab.example', hosts: [{ mac, address: '192.168.1.50' }] },
      dns: { records: { 'www.example': ['192.168.1.1', 'fd00::1'] } },
      http: { root },
      tftp: { files: { 'boot/config': 'menu' } },
      ntp: {},
      syslog: {},
    },
    node1: { address: '192.168.2.1/24', http: { root: ordinary, port: 8080 } },
  };
  testbed = await testHost.testbed(rabbit(), 2, { nodes });
  [node0, node1] = testbed.nodes as unknown as [Node, Node];
  expect(await testbed.dut.isRunning()).toBe(false);
  expect(takenPorts(await node0.sockets(), ports)).toEqual(ports);
  await testbed.dut.boot();
  for (const command of lease) await testbed.dut.shell.run(command);
});

afterAll(async () => {
  await testbed.close();
  await testHost[Symbol.asyncDispose]();
});

/** A folder that only its owner may read. */
async function privateFolder(name: string): Promise<string> {
  const root = join(testHost.directory, name);
  await mkdir(root, { mode: 0o700 });
  await writeFile(join(root, 'preseed.cfg'), `${name}\n`, { mode: 0o600 });
  return root;
}

async function inGuest(command: string): Promise<string> {
  return (await testbed.dut.shell.run(command)).output;
}

test('the node has its addresses and routes', async () => {
  expect(await node0.addresses()).toEqual(['192.168.1.1/24', 'fd00::1/64']);
  expect((await node0.run('ip route')).stdout).toContain('10.0.0.0/8 via 192.168.1.2');
});

test('the guest gets a lease with a router, a DNS server and a domain', async () => {
  expect(await node0.services.dhcp.lease(mac.toUpperCase())).toMatchObject({ address: '192.168.1.50', mac });
  expect(await inGuest('cat /root/got')).toBe('192.168.1.1 192.168.1.1 lab.example');
});

test('the guest hears of the router for IPv6', async () => {
  await expect.poll(() => inGuest('ip -6 route show default'), { timeout: 60_000 }).toContain('via fe80::1 dev eth0');
});

test('names have their addresses, and all others do not exist', async () => {
  const { dns } = node0.services;
  const answer = await inGuest('busybox nslookup www.example 192.168.1.1');
  expect(answer).toMatch(/Address.*: 192\.168\.1\.1$/m);
  expect(answer).toMatch(/Address.*: fd00::1$/m);
  const { exitStatus } = await testbed.dut.shell.run('busybox nslookup other.example 192.168.1.1', { check: false });
  expect(exitStatus).not.toBe(0);
  expect(await dns.query('other.example')).toMatchObject({ client: '192.168.1.50' });
  expect(dns.seen).toContainEqual({ name: 'www.example', type: 'AAAA', client: '192.168.1.50' });
});

test('the guest gets files that only their owner may read, and the node sees each request', async () => {
  await testbed.dut.shell.run('ip address add 192.168.2.2/24 dev eth1 && ip link set eth1 up');
  expect(await inGuest('curl -sS "http://192.168.1.1/preseed.cfg?x=1"')).toBe('of-this-user');
  expect(await inGuest('curl -sS http://192.168.2.1:8080/preseed.cfg')).toBe('of-another-user');
  await inGuest('curl -s http://192.168.1.1/none');
  const { http } = node0.services;
  expect(await http.request('/preseed.cfg')).toMatchObject({ method: 'GET', path: '/preseed.cfg?x=1', status: 200 });
  expect(await http.request(/non/)).toMatchObject({ status: 404, client: '192.168.1.50' });
  expect(await node1.services.http.request('/preseed.cfg')).toMatchObject({ status: 200, client: '192.168.2.2' });
});

test('the guest gets files by TFTP', async () => {
  const { tftp } = node0.services;
  expect(await inGuest('curl -sS tftp://192.168.1.1/boot/config')).toBe('menu');
  await testbed.dut.shell.run('curl -sS tftp://192.168.1.1/none', { check: false });
  expect(await tftp.request('/boot/config')).toEqual({ file: 'boot/config', client: '192.168.1.50', isSent: true });
  expect(await tftp.request('none')).toMatchObject({ isSent: false });
});

test('the guest gets the time', async () => {
  const ask = String.raw`exec 3<>/dev/udp/192.168.1.1/123
    { printf '\343'; head -c 47 /dev/zero; } | dd bs=48 iflag=fullblock status=none >&3
    timeout 20 head -c 48 <&3 | od -A n -t u4 --endian=big -j 40 -N 4`;
  await testbed.dut.shell.upload(Buffer.from(ask), '/root/ask');
  const seconds = await inGuest('bash /root/ask');
  const since1900 = 2_208_988_800;
  expect(Math.abs(Number(seconds) - since1900 - Date.now() / 1000)).toBeLessThan(60);
  expect(await node0.services.ntp.request()).toEqual({ client: '192.168.1.50' });
});

test.each(['udp', 'tcp'])('a message by %s arrives', async (protocol) => {
  await inGuest(`logger --server 192.168.1.1 --${protocol} --port 514 --tag door --priority auth.crit "open by ${protocol}"`);
  expect(await node0.services.syslog.waitFor(new RegExp(`^door: open by ${protocol}$`))).toEqual({
    client: '192.168.1.50',
    facility: 'auth',
    severity: 'crit',
    program: 'door',
    text: `open by ${protocol}`,
  });
});

test('what does not come in time is an error of the device', async () => {
  await expect(node0.services.dhcp.lease('52:54:00:00:00:99', { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'ALPY_SERVICE_TIMEOUT',
    fault: 'device',
  });
});

test('a port is refused while another service uses it, and free when that has ended', async () => {
  const files = { x: 'second' };
  const port = 8081;
  {
    await using first = await testbed.services.http(node1, { files: { x: 'first' }, port });
    expect(first.name).toBe('http@node1');
    await expect(testbed.services.http(node1, { files, port })).rejects.toMatchObject({
      code: 'ALPY_NODE_SERVICE',
      fault: 'usage',
    });
  }
  await testbed.services.http(node1, { files, port });
  expect((await testbed.apps.run({ node: node1, command: ['curl', '-sS', `http://[::1]:${port}/x`] })).stdout).toBe('second');
});

test('a service that the configuration does not declare is an error that names the key', () => {
  expect(() => node1.services.ntp).toThrow(/topology\.nodes\.node1\.ntp/);
});

test('a RADIUS server accepts the right password only', async () => {
  const radius = await testbed.services.radius(node1, { secret: 'shared', users: { bob: 'right' } });
  expect(await logIn('bob', 'right')).toBe(accessAccept);
  expect(await radius.request('bob')).toEqual({ user: 'bob', isAccepted: true });
  expect(await logIn('eve', 'right')).toBe(accessReject);
  expect(await radius.request('eve')).toEqual({ user: 'eve', isAccepted: false });
});

const accessAccept = 2;
const accessReject = 3;

/** Sends a request as of RFC 2865. Returns the code of the answer. */
async function logIn(user: string, password: string): Promise<number> {
  const authenticator = Buffer.alloc(16, user);
  const pad = createHash('md5').update('shared').update(authenticator).digest();
  const hidden = Buffer.alloc(16, `${password}${'\0'.repeat(16)}`).map((byte, index) => byte ^ pad[index]!);
  const attributes = Buffer.concat([Buffer.from([1, 2 + user.length]), Buffer.from(user), Buffer.from([2, 18]), hidden]);
  const packet = Buffer.concat([Buffer.from([1, 7, 0, 20 + attributes.length]), authenticator, attributes]);
  const octal = [...packet].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  const command = `exec 3<>/dev/udp/127.0.0.1/1812
    printf '${octal}' | dd bs=4096 iflag=fullblock status=none >&3
    timeout 20 head -c 20 <&3 | od -A n -t u1 -N 1`;
  return Number((await testbed.apps.run({ node: node1, command: ['bash', '-c', command] })).stdout);
}

test('the boot that makes a snapshot has the services, and a restored testbed knows its leases', async () => {
  const appliance = rabbit({ provision: lease });
  const nodes = { node0: { address: '192.168.1.1/24', dhcp: {} } };
  const restored = await restore(appliance, nodes);
  const { dhcp } = restored.nodes[0]!.services;
  const { address } = await dhcp.lease(mac);
  expect(dhcp.seen).toHaveLength(1);
  expect((await restored.dut.shell.run('ip -br address show eth0')).output).toContain(`${address}/24`);
  await restored.dut.shell.run(lease[1]!);
  await expect.poll(() => dhcp.seen.map((one) => one.address), { timeout: 30_000 }).toEqual([address, address]);
  await restored.close();
});

test('all keys of the documented example reach the guest', async () => {
  const { nodes } = documentedConfig('nodes.yaml').topology;
  await using documented = await testHost.testbed(rabbit(), 2, { nodes });
  const {
    dut,
    nodes: [first, second],
  } = documented;
  await dut.boot();
  const run = async (command: string): Promise<string> => (await dut.shell.run(command)).output;
  const script = '#!/bin/sh\\n[ "$1" != bound ] || ip address replace "$ip/$mask" dev "$interface"; set >/root/got\\n';
  await run(`printf '${script}' >/root/lease && chmod +x /root/lease && ip link set eth0 up`);
  await run('udhcpc -i eth0 -n -q -O ntpsrv -s /root/lease');
  expect(
    (await run("grep -E '^(ip|router|dns|domain|hostname|lease|ntpsrv|siaddr|boot_file)=' /root/got")).split('\n').sort(),
  ).toEqual([
    "boot_file='boot/menu.ipxe'",
    "dns='192.168.1.1'",
    "domain='lab.example'",
    "hostname='router'",
    "ip='192.168.1.150'",
    "lease='3600'",
    "ntpsrv='192.168.1.1'",
    "router='192.168.1.2'",
    "siaddr='192.168.1.1'",
  ]);
  expect(await run('curl -sS tftp://192.168.1.1/boot/menu.ipxe')).toBe('#!ipxe\nshell');
  expect(await run('curl -sS tftp://192.168.1.1/boot/name')).toBe('router1');
  expect(await run('curl -sS http://192.168.1.1:8080/')).toBe('<p>hello</p>');
  await run('logger --server 192.168.1.1 --udp --port 1514 --tag door open');
  expect(await first!.services.syslog.waitFor('door: open')).toMatchObject({ client: '192.168.1.150' });
  expect((await first!.run('ip link show eth0')).stdout).toContain('mtu 1400 ');
  expect((await first!.run('cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/eth0/forwarding')).stdout).toBe('1\n1\n');
  const resolver = 'nameserver 192.168.1.1\nnameserver fd00::1\nsearch lab.example example\n';
  expect((await first!.run('cat /etc/resolv.conf')).stdout).toBe(resolver);
  const lookUp = await documented.apps.run({ node: first!, command: ['getent', 'ahostsv4', 'www'] });
  expect(lookUp.stdout).toMatch(/^192\.168\.1\.1 /);
  await run('ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up');
  expect(await run('curl -sS http://192.168.2.2/health')).toBe('fine');
  expect(await run('curl -sS tftp://192.168.2.2/index.html')).toBe('<p>hello</p>');
  expect((await second!.run('ip route show default')).stdout).toContain('via 192.168.2.1');
});

test('firmware that waits for a lease boots from a declared node, also when a snapshot is made', async () => {
  const said = 'the script of the node runs';
  const nic = 'e1000';
  const appliance = rabbit({ ...withoutDisk, nic, boot: 'network', console: 'firmware', ready: [{ console: said }] });
  const files = { 'boot.ipxe': `#!ipxe\necho ${said}\nprompt\n` };
  const nodes = { node0: { address: '192.168.1.1/24', dhcp: { bootFile: 'boot.ipxe' }, tftp: { files } } };
  const restored = await restore(appliance, nodes);
  expect(await restored.nodes[0]!.services.dhcp.lease(mac)).toMatchObject({ mac });
  await restored.close();
});

const withoutDisk = { image: undefined, login: undefined, memoryMiB: 64 } as const;

/** Makes a snapshot, and a testbed from it. */
async function restore(appliance: Appliance, nodes: RawTopology['nodes']): Promise<Testbed> {
  const factory = testHost.factory({ snapshots: { directory: join(testHost.directory, 'store'), maxBytes: 1024 ** 3 } });
  const disk = await factory.inspectDisk(appliance);
  const logs = await mkdtemp(join(testHost.directory, 'boot-'));
  const topology = resolveTopology({ links: 1, nodes }, appliance);
  const start = await factory.provideSnapshot({ appliance, topology, disk }, logs);
  const restored = await testHost.testbed(appliance, 1, { nodes, start });
  await restored.dut.boot();
  return restored;
}
