// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';

/** What is wrong with an appliance that has two links and these conditions. */
function problems(ready: unknown, more: object = { login: { user: 'root' } }): readonly string[] {
  try {
    resolveConfig({
      file: '/project/alpy.yaml',
      raw: { appliance: { image: 'disk.qcow2', ready, ...more } },
      directory: '/project',
    });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const address = '192.168.1.1';
const kinds = 'console, command, tcp, http, ping, carrier, quietMs';

test.each<[string, unknown, string]>([
  ['one condition instead of a list', { quietMs: 3000 }, 'appliance.ready: expected a list, got an object. Write it as a list: [VALUE]'],
  ['a condition without content', [{}], `appliance.ready.0: expected exactly one of ${kinds}, got an object`],
  ['two in one', [{ quietMs: 1, carrier: 'link0' }], `appliance.ready.0: expected exactly one of ${kinds}, got an object`],
  ['an unknown kind', [{ dns: 'x' }], `appliance.ready.0.dns: unknown key. Expected one of ${kinds}`],
  ['an invalid regular expression', [{ console: '/(/' }], 'appliance.ready.0.console: expected text or a valid /regular expression/, got "/(/"'],
  ['a name where an address belongs', [{ ping: { node: 'node0', address: 'router' } }], 'appliance.ready.0.ping.address: expected an IP address, such as 192.168.1.1, got "router"'],
  ['an address without a prefix length', [{ ping: { node: 'node0', address, from: '192.168.1.2' } }], 'appliance.ready.0.ping.from: expected an IP address with its prefix length, such as 192.168.1.2/24, got "192.168.1.2"'],
  ['a port out of range', [{ tcp: { node: 'node0', address, port: 70_000 } }], 'appliance.ready.0.tcp.port: expected 65535 or less, got the number 70000'],
  ['HTTPS', [{ http: { node: 'node0', url: 'https://192.168.1.1/' } }], 'appliance.ready.0.http.url: expected a URL that begins with http:// and has an IP address, such as http://192.168.1.1/, got "https://192.168.1.1/"'],
  ['an unknown node', [{ quietMs: 1 }, { tcp: { node: 'node7', address, port: 22 } }], 'appliance.ready.1.tcp.node: expected one of node0, node1, got "node7"'],
  ['an unknown link', [{ carrier: 'eth0' }], 'appliance.ready.0.carrier: expected one of link0, link1, got "eth0"'],
])('%s: refused, with what to do', (_, ready, message) => { expect(problems(ready)).toEqual([message]); }); // prettier-ignore

test('a command needs a shell', () => {
  const advice = 'Use another condition, such as console';
  expect(problems([{ command: 'true' }], {})).toEqual([
    `appliance.ready.0.command: expected a shell, got no appliance.login. ${advice}`,
  ]);
  expect(problems([{ command: 'true' }], { login: { user: 'root', shell: 'none' } })).toEqual([
    `appliance.ready.0.command: expected a shell, got appliance.login.shell: none. ${advice}`,
  ]);
});

test('every condition is accepted', () => {
  const ready = [
    { console: 'System ready' },
    { command: 'true' },
    { tcp: { node: 'node0', address: 'fd00::1', port: 22, from: 'fd00::2/64' } },
    { http: { node: 'node1', url: 'http://[fd00::1]:8080/', status: 401 } },
    { ping: { node: 'node0', address } },
    { carrier: 'link1' },
    { quietMs: 3000 },
  ];
  expect(problems(ready)).toEqual([]);
});
