// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots of appliances that are ready some time after their log-in prompt, with and without a log-in.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runLabel } from '../../src/docker/index.ts';
import type { Snapshot } from '../../src/snapshot/index.ts';
import type { Appliance } from '../../src/testbed/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { documentedConfig } from '../support/documented-config.ts';
import { TestHost, rabbit } from '../support/testbeds.ts';

let testHost: TestHost;
let directory: string;

beforeAll(async () => {
  testHost = await TestHost.open();
  directory = await mkdtemp(join(tmpdir(), 'alpy-ready-'));
});

afterAll(async () => {
  const { runId } = testHost.engine;
  await testHost[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
  const filters = { label: [`${runLabel}=${runId}`] };
  expect(await new Docker().listContainers({ all: true, filters })).toEqual([]);
});

async function provide(appliance: Appliance): Promise<Snapshot> {
  const factory = testHost.factory({ snapshots: { directory: join(directory, 'store'), maxBytes: 4096 * 1024 ** 2 } });
  const disk = await factory.inspectDisk(appliance);
  const logs = await mkdtemp(join(directory, 'boot-'));
  return factory.provideSnapshot({ appliance, topology: resolveTopology({ links: 1 }), disk }, logs);
}

/** Begins in the background, as the services of a system do after its log-in prompt. */
const services = `haproxy='global
defaults
  mode http
  timeout client 9s
  timeout server 9s
  timeout connect 9s
frontend web
  bind :80
  http-request return status 204 if { path /health }
  http-request return status 503'
(sleep 2; ip address add 192.168.1.1/24 dev eth0; ip link set eth0 up
echo "$haproxy" >/tmp/haproxy.cfg; haproxy -D -f /tmp/haproxy.cfg; sleep 1; echo all services are up >/dev/console; touch /run/services) >/dev/null 2>&1 &`;

/** The conditions of an example in docs/configuration.md. */
function readyOf(example: string): NonNullable<Appliance['ready']> {
  return documentedConfig(example).devices[0].appliance.ready ?? [];
}

test('conditions hold in the snapshot, and are not awaited after a restore', async () => {
  const appliance = rabbit({ provision: [services], ready: readyOf('ready.yaml') });
  const snapshot = await provide(appliance);
  await using testbed = await testHost.testbed(appliance, 1, { start: snapshot });
  const { dut, nodes } = testbed;
  await dut.boot();
  expect((await dut.shell.run('test -e /run/services && echo up')).output).toBe('up');
  const [node] = nodes;
  expect((await node?.run('ip -o -4 address show dev eth0'))?.stdout).toBe('');
});

test('conditions without `from` use the address that the topology declares for the node, which keeps it', async () => {
  const ready = [
    { ping: { node: 'node0', address: '192.168.1.1' } },
    { http: { node: 'node0', url: 'http://192.168.1.1/health', status: 204 } },
  ];
  const nodes = { node0: { address: '192.168.1.2/24' } };
  await using testbed = await testHost.testbed(rabbit({ provision: [services], ready }), 1, { nodes });
  await testbed.dut.boot();
  expect(await testbed.nodes[0]?.addresses()).toEqual(['192.168.1.2/24']);
});

test('a condition that never holds is named, with what was seen', async () => {
  const ping = { node: 'node0', address: '192.168.1.77', from: '192.168.1.2/24' };
  const appliance = rabbit({ login: undefined, ready: [{ ping }] });
  await using testbed = await testHost.testbed(appliance, 1);
  await expect(testbed.dut.boot({ timeoutMs: 8000 })).rejects.toMatchObject({
    code: 'ALPY_BOOT',
    cause: { code: 'ALPY_NOT_READY', awaited: '192.168.1.77 to answer a ping from node0' },
  });
});

test('without a log-in there is a snapshot, too; nothing is typed at its prompt', async () => {
  const appliance = rabbit({ login: undefined, ready: readyOf('ready-without-login.yaml') });
  const snapshot = await provide(appliance);
  await using testbed = await testHost.testbed(appliance, 1, { start: snapshot });
  const { dut } = testbed;
  await dut.boot();
  await dut.waitForClock();
  await dut.console.sendLine('root');
  const { before } = await dut.console.expect('Password: ', { timeoutMs: 30_000 * dut.timeFactor });
  expect(before.trim()).toBe('root');
});
