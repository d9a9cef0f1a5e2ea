// SPDX-License-Identifier: GPL-3.0-or-later
// What a node says if a test asks it for something that it does not have.
import { expect, test } from 'vitest';
import { Node } from '../../../src/network/index.ts';

/** A node with two interfaces that was not started. */
const server = Reflect.construct(Node, [
  { name: 'server', interfaces: [{ name: 'eth0' }, { name: 'eth1' }] },
  { container: {} },
]) as Node;

test.each([
  ['configure', () => server.configure({ address: '10.0.0.1/24' })],
  ['counters', () => server.counters()],
  ['setCarrier', () => server.setCarrier(false)],
])('%s of a node with several interfaces: refused, and the error names the interfaces', async (method, call) => {
  await expect(call()).rejects.toThrow(
    `server.${method}: expected a node with one interface, got eth0, eth1. Use that of one of them: server.interfaces.eth0.${method}`,
  );
});

test.each(['dhcp', 'dns', 'http', 'tftp', 'ntp', 'syslog'] as const)('a node without %s has no such service', (kind) => {
  expect(() => server.services[kind]).toThrow(
    `server.services.${kind}: expected a service in topology.nodes.server.${kind}, got none. Declare it there, or start one with services.${kind}`,
  );
});

test('an interface that the node does not have: the error names those that it has', () => {
  expect(() => (server.interfaces as unknown as Record<string, unknown>)['eth2']).toThrow(/interface of server.*eth0, eth1/);
});
