// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Capture } from '../../../../src/capture/index.ts';
import type { LinkEnd, NicOfDevice } from '../../../../src/testbed/link-end.ts';
import { Link } from '../../../../src/testbed/link.ts';

/** A cable between two devices whose QEMU accepts every command. */
function cable(): Link {
  const machine = { qmp: { execute: () => Promise.resolve() } } as unknown as NicOfDevice['machine'];
  const spec = { id: 'nic0', netdev: 'net0' };
  const nic = { kind: 'nic', mac: '52:54:00:a1:00:00', model: 'virtio-net-pci', spec, machine } as const;
  const ends = ['left', 'right'].map((dut) => ({ ...nic, name: `${dut}:0`, dut }));
  return new Link({ name: 'left:0--right:0', index: 0, ends, isSegment: false, capture: {} as Capture });
}

test('a cable is plugged in again at the end of the block in which it was unplugged', async () => {
  const link = cable();
  {
    await using _unplugged = await link.unplug();
    expect(link.isUp).toBe(false);
  }
  expect(link.isUp).toBe(true);
});

test('a link without exactly one node has no `node`', () => {
  expect(() => cable().node).toThrow(
    'left:0--right:0.node: expected a link with one node, got one between left:0, right:0. Use nodes, or the ends of the link',
  );
});

test('a link between two nodes takes the carrier from both, and QEMU passes nothing meanwhile; it has no MAC address of a NIC', async () => {
  const calls: string[] = [];
  const ends = ['client', 'server'].map((name) => {
    const execute = (command: string, { name: netdev, up }: { name: string; up: boolean }): Promise<void> => {
      calls.push(`${command} ${netdev} ${up}`);
      return Promise.resolve();
    };
    const setCarrier = (isOn: boolean): Promise<void> => {
      calls.push(`carrier ${name} ${isOn}`);
      return Promise.resolve();
    };
    const port = { netdev: `tap-${name}`, machine: { qmp: { execute } } };
    return { kind: 'interface', name, node: { name }, interface: { setCarrier }, port } as unknown as LinkEnd;
  });
  const link = new Link({ name: 'client--server', index: 0, ends, isSegment: false, capture: {} as Capture });
  await link.setUp(false);
  expect(calls.splice(0)).toEqual([
    ...['set_link tap-client false', 'set_link tap-server false', 'carrier client false', 'carrier server false'],
  ]);
  await link.setUp(true);
  expect(calls).toEqual(['carrier client true', 'carrier server true', 'set_link tap-client true', 'set_link tap-server true']);
  expect(() => link.mac).toThrow('client--server.mac: expected a link with a device, got one between client, server');
});

test('a cable is unplugged later and plugged in again by itself', async () => {
  const link = cable();
  const later = await link.unplug({ afterMs: 10 });
  expect(link.isUp).toBe(true);
  await expect.poll(() => link.isUp, { interval: 1, timeout: 30_000 }).toBe(false);
  await later.end();
  expect(link.isUp).toBe(true);
  const unplugged = await link.unplug({ durationMs: 10 });
  expect(link.isUp).toBe(false);
  await unplugged.ended;
  expect(link.isUp).toBe(true);
});

test('a testbed that ends neither unplugs a cable nor plugs it in any more', async () => {
  const link = cable();
  const later = await link.unplug({ afterMs: 10 });
  link.cancelFaults();
  await later.ended;
  expect(link.isUp).toBe(true);
  expect(link.failure).toBeUndefined();
});

test('a fault that begins while the testbed ends is cancelled, so that no timer outlives the testbed', async () => {
  const link = cable();
  const beginning = link.unplug({ durationMs: 3_600_000 });
  link.cancelFaults();
  const unplugged = await beginning;
  await unplugged.ended; // it is not plugged in again
  expect(link.isUp).toBe(false);
});

test.each([
  [{ afterMs: -1 }, /^link\.unplug: expected afterMs to be a number of milliseconds from 0 to \d+, got -1$/],
  [{ durationMs: '2s' }, /^link\.unplug: expected durationMs to be a number of milliseconds from 0 to \d+, got "2s"$/],
  [{ duration: 5 }, 'link.unplug: unknown option "duration": did you mean "durationMs"? Expected one of: afterMs, durationMs'],
])('impossible times are refused: %j', async (times, message) => {
  await expect(cable().unplug(times as object)).rejects.toThrow(message);
});

test('a cable that was unplugged before stays unplugged at the end of the block', async () => {
  const link = cable();
  void link.setUp(false); // not yet done
  {
    await using _unplugged = await link.unplug();
  }
  expect(link.isUp).toBe(false);
});

test('a cable that is unplugged twice is plugged in again when both have ended', async () => {
  const link = cable();
  const first = await link.unplug();
  const second = await link.unplug();
  await first.end();
  expect(link.isUp).toBe(false);
  await second.end();
  expect(link.isUp).toBe(true);
});

test('what setUp says inside a block holds after the block', async () => {
  const link = cable();
  {
    await using _unplugged = await link.unplug();
    await link.setUp(true);
    expect(link.isUp).toBe(true);
    await link.setUp(false);
  }
  expect(link.isUp).toBe(false);
});
