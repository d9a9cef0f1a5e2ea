// SPDX-License-Identifier: GPL-3.0-or-later
// NICs as a guest sees them: their order, models and addresses.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveTopology } from '../../src/topology/index.ts';
import { TestHost, rabbit } from '../support/testbeds.ts';

let testHost: TestHost;
let directory: string;

beforeAll(async () => {
  testHost = await TestHost.open();
  directory = await mkdtemp(join(tmpdir(), 'alpy-nics-'));
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** PCI devices of the models. */
const deviceIds = {
  'virtio-net-pci': '0x1af4 0x1000',
  e1000: '0x8086 0x100e',
  e1000e: '0x8086 0x10d3',
  igb: '0x8086 0x10c9',
  vmxnet3: '0x15ad 0x07b0',
  rtl8139: '0x10ec 0x8139',
  pcnet: '0x1022 0x2000',
  ne2k_pci: '0x10ec 0x8029',
  i82551: '0x8086 0x1209',
} as const;
type Model = keyof typeof deviceIds;

test('a guest finds NICs of all models at their PCI addresses in the order of the links, with their MAC addresses', async () => {
  const models = Object.keys(deviceIds) as Model[];
  const nics = models.map((model, index) => ({ model, mac: `00:1b:21:00:00:0${index}` }));
  const testbed = await testHost.testbed(rabbit({ nics }), nics.length);
  await testbed.dut.boot();
  const listed = await testbed.dut.shell.run(
    `for d in $(readlink -f /sys/bus/pci/devices/* | sort); do case $(cat $d/class) in
      0x02*) echo $(cat $d/vendor $d/device $d/net/*/address $d/virtio*/net/*/address 2>/dev/null);;
    esac; done`,
  );
  const drivers: readonly Model[] = ['virtio-net-pci', 'e1000', 'e1000e', 'vmxnet3']; // those that Rabbit has
  const expected = nics.map(({ model, mac }) => `${deviceIds[model]}${drivers.includes(model) ? ` ${mac}` : ''}`);
  expect(listed.output.split('\n')).toEqual(expected);
  expect(testbed.links.map(({ model, mac }) => ({ model, mac }))).toEqual(nics);
});

test.each([
  { links: 9, machine: 'q35', pinged: [8] },
  { links: 16, machine: 'pc', pinged: [13, 14, 15] },
  { links: 32, machine: 'q35', pinged: [0, 13, 14, 31] },
] as const)('$links NICs on $machine are in the order of the links, also after a restore', async ({ links, machine, pinged }) => {
  const provision = [
    'i=0; for n in /sys/class/net/eth*; do n=eth$i; ip address add 10.0.$i.1/24 dev $n; ip link set $n up; i=$((i+1)); done',
  ];
  const appliance = rabbit({ machine, provision });
  const factory = testHost.factory({ snapshots: { directory, maxBytes: 4096 * 1024 ** 2 } });
  const disk = await factory.inspectDisk(appliance);
  const logs = await mkdtemp(join(directory, 'boot-'));
  const snapshot = await factory.provideSnapshot({ appliance, topology: resolveTopology({ links }), disk }, logs);
  const testbed = await testHost.testbed(appliance, links, { start: snapshot });
  const { dut, nodes } = testbed;
  await dut.boot();
  const { output } = await dut.shell.run(`i=0; while [ $i -lt ${links} ]; do cat /sys/class/net/eth$i/address; i=$((i+1)); done`);
  expect(output.split('\n')).toEqual(testbed.links.map(({ mac }) => mac));
  for (const index of pinged) {
    await nodes[index]!.configure({ address: `10.0.${index}.2/24` });
    expect(await nodes[index]!.ping(`10.0.${index}.1`, { count: 2 })).toMatchObject({ received: 2 });
  }
});
