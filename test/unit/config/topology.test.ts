// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveConfig, type Config } from '../../../src/config/index.ts';
import { checkOverrides, overriddenDevices } from '../../../src/config/overrides.ts';
import { readYaml } from '../../../src/config/read.ts';
import type { Variables } from '../../../src/core/variables.ts';

const file = '/project/alpy.yaml';

function load(text: string, variables: Variables = {}): ReturnType<typeof resolveConfig> {
  return resolveConfig({ file, ...readYaml(file, text), variables, directory: '/here' });
}

function problems(text: string, variables: Variables = {}): readonly string[] {
  try {
    load(text, variables);
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
  return [];
}

const router = 'appliances: { router: { image: r.qcow2 } }';
const pair = `${router}
topology:
  duts: { left: router, right: { appliance: router, memoryMiB: 512, cdroms: [a.iso] } }
  nodes: { client: {} }
  links: [[client, left:0], [left:1, right:0]]`;

test('each device has its whole appliance, with what differs for it', () => {
  const { config } = load(pair);
  expect(
    config.devices.map(({ name, appliance }) => [name, appliance.name, appliance.image, appliance.memoryMiB, appliance.cdroms]),
  ).toEqual([
    ['left', 'router', '/project/r.qcow2', 256, undefined],
    ['right', 'router', '/project/r.qcow2', 512, ['/project/a.iso']],
  ]);
  expect(Object.keys(config.appliances)).toEqual(['router']);
  expect(config.topology).toMatchObject({
    links: [
      ['client', 'left:0'],
      ['left:1', 'right:0'],
    ],
  });
});

test('the key appliance is an appliance of that name', () => {
  const { devices } = load('appliance: { image: a }\ntopology: { duts: { left: appliance, right: appliance } }').config;
  expect(devices.map(({ name, appliance }) => [name, appliance.image])).toEqual([
    ['left', '/project/a'],
    ['right', '/project/a'],
  ]);
});

test('`links` is empty by default in the long form', () => {
  expect(load(`${router}\ntopology: { duts: { alone: router } }`).config.topology).toEqual({
    duts: { alone: 'router' },
    links: [],
  });
});

test('variables of the appliance are for the only one; each has its own, too', () => {
  const { config, values } = load(pair, { ALPY_APPLIANCE_CPUS: '2', ALPY_APPLIANCES_ROUTER_IMAGE: 'b.qcow2' });
  expect(config.devices.map(({ appliance: { cpus, image } }) => [cpus, image])).toEqual([
    [2, '/here/b.qcow2'],
    [2, '/here/b.qcow2'],
  ]);
  expect(values.get('appliances.router.cpus')).toEqual({ value: 2, origin: { kind: 'variable', name: 'ALPY_APPLIANCE_CPUS' } });
});

test('a variable that could be for any of several appliances is refused', () => {
  const several = `appliances: { fire-wall: { image: a }, router: { image: b } }
topology: { duts: { left: router } }`;
  expect(problems(several, { ALPY_APPLIANCE_CPUS: '2' })).toEqual([
    'ALPY_APPLIANCE_CPUS: expected one appliance that it can be for, got 2 (fire-wall, router). Set ALPY_APPLIANCES_FIRE_WALL_CPUS instead',
  ]);
  expect(load(several, { ALPY_APPLIANCES_FIRE_WALL_CPUS: '2' }).config.appliances['fire-wall']?.cpus).toBe(2);
});

/** The first line of `links` is the fifth of the file. */
function withLinks(links: string, more = ''): string {
  return `${router}
topology:
  duts: { left: router, right: router }
  nodes: { client: {}, server: {} }${more}
  links:
${links}`;
}

const connected = '    - [client, left:0]\n    - [server, right:0]\n';
const safe = 'a name of at most 32 letters, digits, dots, dashes and underscores that starts with a letter';

test.each<[string, string, readonly string[]]>([
  [
    'an unknown name',
    withLinks(`${connected}    - [left:1, rigt:1]`),
    [
      'line 8: topology.links.2.1: expected a NIC of a device or a node (left:0, right:0, client, server), got "rigt:1". Did you mean right:1?',
    ],
  ],
  [
    'a dot instead of the colon, and a device without the number of its NIC',
    withLinks(`${connected}    - [left.1, lef]`),
    [
      'line 8: topology.links.2.0: expected a NIC of a device or a node (left:0, right:0, client, server), got "left.1". Did you mean left:1?',
      'line 8: topology.links.2.1: expected a NIC of a device or a node (left:0, right:0, client, server), got "lef". Did you mean left:0?',
    ],
  ],
  [
    'a name that is like no other',
    withLinks(`${connected}    - [left:1, internet]`),
    [
      'line 8: topology.links.2.1: expected a NIC of a device or a node (left:0, right:0, client, server), got "internet". Add it to topology.nodes, or correct it',
    ],
  ],
  [
    'a device without the number of a NIC',
    withLinks(`${connected}    - [left:1, right]`),
    ['line 8: topology.links.2.1: expected the number of a NIC after the name of a device, such as right:0, got "right"'],
  ],
  [
    'a node with a number',
    withLinks(`${connected}    - [left:1, client:1]`),
    [
      'line 8: topology.links.2.1: expected the name of a node alone, because its interfaces are numbered in the order of the links, got "client:1". Write client',
    ],
  ],
  [
    'an end used twice',
    withLinks(`${connected}    - [left:1, right:0]`),
    [
      'line 8: topology.links.2.1: expected a NIC that nothing else is connected to, got right:0, which topology.links.1.1 uses, too. Use another NIC',
    ],
  ],
  [
    'an end used twice, in a segment',
    `${withLinks(connected)}  segments: { lan: [left:0, right:1] }`,
    [
      'line 8: topology.segments.lan.0: expected a NIC that nothing else is connected to, got left:0, which topology.links.0.1 uses, too. Use another NIC',
    ],
  ],
  [
    'a node without a link',
    withLinks('    - [client, left:0]'),
    [
      'line 4: topology.nodes.server: expected a node on a link or segment, got server, which is on none. Connect it in topology.links, or remove it',
    ],
  ],
  [
    'a node without a link, and another whose name is misspelt at its link',
    withLinks('    - [client, left:0]\n    - [servr, left:1]', '\n').replace('server: {}', 'server: {}, lone: {}'),
    [
      'line 4: topology.nodes.lone: expected a node on a link or segment, got lone, which is on none. Connect it in topology.links, or remove it',
      'line 8: topology.links.1.0: expected a NIC of a device or a node (left:0, right:0, client, server, lone), got "servr". Did you mean server?',
    ],
  ],
  [
    'a device that boots from the network and has no link',
    'appliances: { router: { image: r.qcow2, boot: network } }\ntopology:\n  duts: { left: router }',
    [
      'line 1: appliances.router.boot: expected a link to boot from, but nothing is connected to left. Connect left:0 in topology.links',
    ],
  ],
  [
    'a cable from a NIC to itself',
    withLinks(`${connected}    - [left:1, left:1]`),
    [
      'line 8: topology.links.2.1: expected a NIC that nothing else is connected to, got left:1, which topology.links.2.0 uses, too. Use another NIC',
    ],
  ],
  [
    'a link of a node with itself',
    withLinks(`${connected}    - [client, client]`),
    ['line 8: topology.links.2: expected different ends, got client twice. Connect it with something else'],
  ],
  [
    'more NICs than PCI places',
    withLinks(`${connected}    - [left:32, right:1]`),
    [
      'line 8: topology.links.2.0: expected at most 32 NICs, left:0 to left:31, because a machine has no more PCI places, got left:32. Connect fewer NICs',
    ],
  ],
  [
    'a gap in the numbers of NICs',
    withLinks(`${connected}    - [left:3, right:1]`),
    [
      'line 8: topology.links.2.0: expected NICs that are numbered from 0 without a gap, got left:3, but nothing connected to left:1, left:2. Connect them, or number the NICs differently',
    ],
  ],
  [
    'a gap that no unknown end can be',
    withLinks(`${connected}    - [left:3, rigt:1]`),
    [
      'line 8: topology.links.2.1: expected a NIC of a device or a node (left:0, right:0, client, server), got "rigt:1". Did you mean right:1?',
      'line 8: topology.links.2.0: expected NICs that are numbered from 0 without a gap, got left:3, but nothing connected to left:1, left:2. Connect them, or number the NICs differently',
    ],
  ],
  [
    'a gap of which an unknown end may be a part',
    withLinks(`${connected}    - [left:3, lef:1]`),
    [
      'line 8: topology.links.2.1: expected a NIC of a device or a node (left:0, right:0, client, server), got "lef:1". Did you mean left:1?',
      'line 8: topology.links.2.0: expected NICs that are numbered from 0 without a gap, got left:3, but nothing connected to left:2. Connect it, or number the NICs differently',
    ],
  ],
  [
    'a gap that an unknown end without a number may be',
    withLinks(`${connected}    - [left:2, internet]`),
    [
      'line 8: topology.links.2.1: expected a NIC of a device or a node (left:0, right:0, client, server), got "internet". Add it to topology.nodes, or correct it',
    ],
  ],
  [
    'a segment with one end',
    `${withLinks(connected)}  segments: { lan: [left:1] }`,
    ['line 8: topology.segments.lan: expected at least two ends on a segment, got 1. Add ends, or remove it'],
  ],
  [
    'three ends of a link',
    withLinks(`${connected}    - [left:1, right:1, client]`),
    [
      'line 8: topology.links.2: expected two ends on a link, got a list of 3. Join more than two with a segment: segments: { lan: [left:1, right:1, client] }',
    ],
  ],
  [
    'three ends of a link that has a name',
    withLinks(`${connected}    - { name: lan, ends: [left:1, right:1, client] }`),
    [
      'line 8: topology.links.2.ends: expected two ends on a link, got a list of 3. Join more than two with a segment: segments: { lan: [left:1, right:1, client] }',
    ],
  ],
  [
    'one end of a link',
    withLinks(`${connected}    - [left:1]`),
    ['line 8: topology.links.2: expected a list of two ends, such as [client, left:0], or an object with ends, got a list of 1'],
  ],
  [
    'an unknown key of a link',
    withLinks(`${connected}    - { ends: [left:1, right:1], nam: x }`),
    ['line 8: topology.links.2.nam: unknown key. Did you mean name?'],
  ],
  [
    'names that are not safe',
    withLinks(`${connected}    - { ends: [left:1, right:1], name: a/b }`, '\n  segments: { 1st: [left:2, right:2] }'),
    [`line 5: topology.segments.1st: expected ${safe}, got "1st"`, `line 9: topology.links.2.name: expected ${safe}, got "a/b"`],
  ],
  [
    'a name of a device that is not safe',
    `${router}\ntopology:\n  duts:\n    "left:1": router\n    ${'x'.repeat(33)}: router`,
    [
      `line 4: topology.duts.left:1: expected ${safe}, got "left:1"`,
      `line 5: topology.duts.${'x'.repeat(33)}: expected ${safe}, got "${'x'.repeat(33)}"`,
    ],
  ],
  [
    'a name of an appliance that is not safe',
    'appliances: { a b: { image: x } }\ntopology: { duts: { left: a b } }',
    [`line 1: appliances.a b: expected ${safe}, got "a b"`],
  ],
  [
    'a node and a device with the same name',
    `${router}\ntopology:\n  duts: { left: router }\n  nodes: { left: {} }`,
    [
      'line 4: topology.nodes.left: expected a name that no device has, got "left", which is in topology.duts, too. Rename one of them',
    ],
  ],
  [
    'names that would hide what lists have',
    `${router}\ntopology:\n  duts: { map: router }\n  nodes: { length: {} }\n  links: [[length, 'map:0']]`,
    [
      'line 3: topology.duts.map: expected a name that lists in JavaScript have not taken, got "map". Rename it',
      'line 4: topology.nodes.length: expected a name that lists in JavaScript have not taken, got "length". Rename it',
    ],
  ],
  [
    'two links with the same name',
    withLinks(`    - { ends: [client, left:0], name: lan }\n    - { ends: [server, right:0], name: lan }`),
    [
      'line 7: topology.links.1: expected a name that no other link or segment has, got "lan", like topology.links.0. Rename one of them',
    ],
  ],
  [
    'two links without names between the same nodes',
    withLinks(`${connected}    - [client, server]\n    - [client, server]`),
    [
      'line 9: topology.links.3: expected a name that no other link or segment has, got "client--server", like topology.links.2. Rename one of them',
    ],
  ],
  [
    'a segment with the name of a link',
    `${withLinks(`    - { ends: [client, left:0], name: lan }\n    - [server, right:0]\n`)}  segments: { lan: [left:1, right:1] }`,
    [
      'line 8: topology.segments.lan: expected a name that no other link or segment has, got "lan", like topology.links.0. Rename one of them',
    ],
  ],
  [
    'a MAC address twice',
    withLinks(
      `    - { ends: [client, left:0], mac: [52:54:00:00:00:01, null] }\n    - { ends: [right:0, server], mac: [52:54:00:00:00:01, null] }`,
    ),
    [
      'line 7: topology.links.1.mac.0: expected an address that no other interface has, got 52:54:00:00:00:01, which client has too. Change one of them',
    ],
  ],
  [
    'a MAC address of the default of another NIC',
    withLinks(`    - { ends: [client, left:0], mac: [52:54:00:a1:01:00, null] }\n    - [right:0, server]`),
    [
      'line 3: topology.duts.right: expected an address that no other interface has, got 52:54:00:a1:01:00, which client has too. Change one of them',
    ],
  ],
  [
    'a MAC address of a group',
    withLinks(`${connected}    - { ends: [left:1, right:1], mac: [01:00:00:00:00:01, null] }`),
    [
      'line 8: topology.links.2.mac.0: expected a MAC address of one NIC, not of a group: change its first byte to an even number, such as 52, got "01:00:00:00:00:01"',
    ],
  ],
  [
    'an unknown appliance',
    `${router}\ntopology:\n  duts:\n    left: roter\n    right: { appliance: ruter }`,
    [
      'line 4: topology.duts.left: expected one of the appliances (router), got "roter". Add it to appliances, or correct it',
      'line 5: topology.duts.right: expected one of the appliances (router), got "ruter". Add it to appliances, or correct it',
    ],
  ],
  [
    'a device without an appliance',
    `${router}\ntopology:\n  duts:\n    left: { memoryMiB: 64 }`,
    ['line 4: topology.duts.left.appliance: expected text, got nothing'],
  ],
  [
    'no device',
    `${router}\ntopology:\n  duts: {}`,
    ['line 3: topology.duts: expected at least one device, got none. Add one, such as dut: router'],
  ],
  [
    'lists instead of names, and a link without its ends',
    `${router}\ntopology:\n  duts: { left: router }\n  nodes: [client]\n  links: [{ client: left:0 }]`,
    [
      'line 4: topology.nodes: expected nodes by name, got a list. Write nodes: { client: {} }',
      'line 5: topology.links.0.ends: expected a list of two ends, such as [client, left:0], got nothing',
      'line 5: topology.links.0.client: unknown key. Expected one of ends, name, mac',
    ],
  ],
  [
    'lists of devices and nodes, whose names the links and segments use',
    `${router}\ntopology:\n  duts: [left, right]\n  nodes: [client]\n  links: [[client, left:0]]\n  segments: { lan: [left:1, right:0] }`,
    [
      'line 3: topology.duts: expected devices by name, got a list. Write duts: { left: router }, with the appliance of each',
      'line 4: topology.nodes: expected nodes by name, got a list. Write nodes: { client: {} }',
    ],
  ],
  [
    'a list of segments, and no value for the devices',
    `${router}\ntopology:\n  duts:\n  segments: [lan]\n  nodes: { client: {} }`,
    [
      'line 3: topology.duts: expected devices by name, got nothing. Write duts: { left: router }, with the appliance of each',
      'line 4: topology.segments: expected segments by name, got a list. Write segments: { lan: [client, left:0] }',
    ],
  ],
  [
    'a list of nodes, and an end that is wrong whatever they are called',
    `${router}\ntopology:\n  duts: { left: router }\n  nodes: [client]\n  links: [[client, left]]`,
    [
      'line 4: topology.nodes: expected nodes by name, got a list. Write nodes: { client: {} }',
      'line 5: topology.links.0.1: expected the number of a NIC after the name of a device, such as left:0, got "left"',
    ],
  ],
  [
    'a number of links beside devices',
    `${router}\ntopology:\n  duts: { left: router }\n  links: 2`,
    ['line 4: topology.links: expected a list of links beside topology.duts, got the number 2. Name both ends of each link'],
  ],
  [
    'a list of links without devices',
    'appliance: { image: a }\ntopology:\n  links: [[client, left:0]]\n  segments: {}',
    [
      'line 3: topology.links: expected topology.duts beside it, got nothing. Name the devices there, such as duts: { left: appliance }',
      'line 4: topology.segments: expected topology.duts beside it, got nothing. Name the devices there, such as duts: { left: appliance }',
    ],
  ],
  [
    'a list of links without devices, beside named appliances',
    `${router}\ntopology:\n  links: [[client, left:0]]`,
    [
      'line 3: topology.links: expected topology.duts beside it, got nothing. Name the devices there, such as duts: { left: router }',
    ],
  ],
  [
    'a list of links without devices or appliances',
    'topology:\n  links: [[client, left:0]]',
    [
      'line 1: appliance: expected an object, got nothing',
      'line 2: topology.links: expected topology.duts beside it, got nothing. Name the devices there, such as duts: { left: appliance }',
    ],
  ],
  [
    'named appliances and no device',
    router,
    ['line 1: appliance: expected an object, got nothing. Add it, or name the devices and their appliances in topology.duts'],
  ],
  [
    'an appliance that is called appliance',
    'appliances: { appliance: { image: a } }\ntopology: { duts: { left: appliance } }',
    ['line 1: appliances.appliance: expected a name other than that of the key appliance. Rename it'],
  ],
])('%s: refused, with the line', (_, text, expected) => {
  expect(problems(text)).toEqual(expected);
});

test.each<[string, string, readonly string[]]>([
  [
    'a gateway outside of the networks of its interface',
    'client: { interfaces: { eth0: { address: 10.0.0.2/24 }, eth1: { address: 10.1.0.2/24, gateway: 10.0.0.1 } } }',
    ['interfaces.eth1.gateway: expected an address in a network of eth1, which has 10.1.0.2/24, got "10.0.0.1"'],
  ],
  [
    'an address that could be on any interface',
    'client: { address: 10.0.0.2/24, mtu: 1400 }',
    [
      'address: expected interfaces.eth0.address, because the node has 2 interfaces, got "10.0.0.2/24"',
      'mtu: expected interfaces.eth0.mtu, because the node has 2 interfaces, got the number 1400',
    ],
  ],
  [
    'an interface that the node does not have',
    'client: { interfaces: { eth2: {} } }',
    ['interfaces.eth2: expected one of the interfaces of the node (eth0, eth1), got "eth2"'],
  ],
  [
    'a misspelt key of an interface',
    'client: { interfaces: { eth1: { adress: 10.0.0.2/24 } } }',
    ['interfaces.eth1.adress: unknown key. Did you mean address?'],
  ],
])('%s: refused', (_, nodes, expected) => {
  const text = `${router}\ntopology:\n  duts: { left: router }\n  links: [[client, left:0], [client, left:1]]\n  nodes:\n    ${nodes}`;
  expect(problems(text)).toEqual(expected.map((problem) => `line 6: topology.nodes.client.${problem}`));
});

test('one interface may be described by the node, or by its own entry, but not by both', () => {
  const text = `${router}\ntopology:\n  duts: { left: router }\n  links: [[client, left:0]]\n  nodes:\n    client: { mtu: 1400, interfaces: { eth0: {} } }`;
  expect(problems(text)).toEqual([
    'line 6: topology.nodes.client.mtu: expected interfaces.eth0.mtu, beside the other keys of eth0, got the number 1400',
  ]);
});

test('what does not go together in the appliance of a device is reported where it is described', () => {
  const text = `appliances:
  router:
    image: a
    machine: microvm
    nics: [{}, {}]
topology:
  duts:
    left: router
    right: { appliance: router, cdroms: [x], initrd: y, disk: { readOnly: true, bus: ide } }
  links: [[left:0, right:0]]`;
  expect(problems(text)).toEqual([
    'line 5: appliances.router.nics: expected at most 1, as many as left has, got 2. Remove 1 from the list, or connect left:1 in topology.links',
    'line 9: topology.duts.right.disk.bus: expected virtio or scsi, because the others have no read-only disks, got "ide"',
  ]);
  expect(problems(text.replace(', disk: { readOnly: true, bus: ide }', ''))).toEqual([
    'line 5: appliances.router.nics: expected at most 1, as many as left has, got 2. Remove 1 from the list, or connect left:1 in topology.links',
    'line 5: topology.duts.right.nics: expected at most 1, as many as right has, got 2. Remove 1 from the list, or connect right:1 in topology.links',
    'line 9: topology.duts.right.initrd: expected a kernel that uses it, got no topology.duts.right.kernel. Set topology.duts.right.kernel, or remove topology.duts.right.initrd',
    'line 9: topology.duts.right.cdroms: expected no CD, because a microvm has no PCI bus for its drive, got 1. Change it, or set topology.duts.right.machine to q35',
  ]);
});

test('mistakes of values, of names and of links are reported together, in the order of the lines', () => {
  const text = `${router}
topology:
  duts: { left: router, right: { appliance: router, memoryMiB: 1 } }
  nodes: { client: { adress: 1 } }
  links:
    - [client, left:0]
    - [left:0, right:9]
workers: many`;
  expect(problems(text, { ALPY_RETRIES: 'x' }).map((problem) => problem.replace(/:? expected.*/, ''))).toEqual([
    'line 3: topology.duts.right.memoryMiB',
    'line 4: topology.nodes.client.adress: unknown key. Did you mean address?',
    'line 7: topology.links.1.0',
    'line 7: topology.links.1.1',
    'line 8: workers',
    'retries (from ALPY_RETRIES)',
  ]);
});

test('a test may override the topology with devices of the configured appliances', () => {
  const { config } = load('appliance: { image: a, cpus: 2 }\nappliances: { other: { image: b } }');
  const topology = { duts: { left: 'appliance', right: { appliance: 'other', memoryMiB: 64, kernel: 'vmlinuz' } } };
  checkOverrides({ appliance: { cpus: 3 }, topology, boot: 'cold' }, Object.keys(config.appliances));
  const { devices } = overriddenDevices(config, { appliance: { cpus: 3 }, topology }, '/project', () => false);
  expect(
    devices.map(({ name, appliance: { image, cpus, memoryMiB, kernel } }) => [name, image, cpus, memoryMiB, kernel]),
  ).toEqual([
    ['left', '/project/a', 3, 256, undefined],
    ['right', '/project/b', 3, 64, '/project/vmlinuz'],
  ]);
});

test('the short form of a test uses the only appliance; several are refused', () => {
  const one = load(pair).config;
  const short = (config: Config) => overriddenDevices(config, { appliance: {}, topology: { links: 1 } }, '/project', () => false);
  expect(short(one).devices.map(({ name, appliance }) => [name, appliance.name])).toEqual([['dut', 'router']]);
  const { config } = load('appliances: { a: { image: a }, b: { image: b } }\ntopology: { duts: { left: a } }');
  expect(() => short(config)).toThrow(
    'test.override: topology: expected one of the appliances (a, b), got appliance. Name the devices and their appliances in topology.duts',
  );
});

test('the mistakes of a topology that a test overrides are reported', () => {
  expect(() => {
    checkOverrides({ appliance: {}, topology: { duts: { left: 'x' }, links: [['left:0', 'y']] }, boot: 'cold' }, ['appliance']);
  }).toThrow(
    'test.override: topology.duts.left: expected one of the appliances (appliance), got "x". Add it to appliances, or correct it\ntest.override: topology.links.0.1: expected a NIC of a device or a node (left:0), got "y". Add it to topology.nodes, or correct it',
  );
});
