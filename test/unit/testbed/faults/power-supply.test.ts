// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Capture } from '../../../../src/capture/index.ts';
import type { QmpClient } from '../../../../src/qemu/index.ts';
import { PowerSupply } from '../../../../src/testbed/faults/power-supply.ts';
import type { NicOfDevice } from '../../../../src/testbed/link-end.ts';
import { Link } from '../../../../src/testbed/link.ts';

const nothing = (): Promise<void> => Promise.resolve();

interface Connected {
  readonly link: Link;
  readonly left: PowerSupply;
  readonly right: PowerSupply;
  /** what the QEMUs of the devices did */
  readonly calls: string[];
}

/** A cable between two devices, or a segment with only these ends, with the power supply of each. */
function connected(isSegment: boolean): Connected {
  const calls: string[] = [];
  const newQmp = (dut: string): QmpClient => {
    const execute = (command: string, { up }: { up: boolean }): Promise<void> => {
      calls.push(`${command} ${dut} ${up}`);
      return Promise.resolve();
    };
    return { execute } as unknown as QmpClient;
  };
  const [leftQmp, rightQmp] = [newQmp('left'), newQmp('right')];
  const nic = (dut: string, qmp: QmpClient): NicOfDevice => ({
    kind: 'nic',
    name: `${dut}:0`,
    dut,
    mac: '52:54:00:a1:00:00',
    model: 'virtio-net-pci',
    spec: { id: 'nic0', netdev: 'net0' },
    machine: { qmp } as NicOfDevice['machine'],
  });
  const ends = [nic('left', leftQmp), nic('right', rightQmp)];
  const link = new Link({ name: 'left:0--right:0', index: 0, ends, isSegment, capture: {} as Capture });
  return { link, left: new PowerSupply('left', leftQmp, [link]), right: new PowerSupply('right', rightQmp, [link]), calls };
}

const cable = (): Connected => connected(false);

test('a cable between two devices without power has carriers when both have power again', async () => {
  const { link, left, right } = cable();
  await left.cut(nothing);
  await right.cut(nothing);
  await left.restore(nothing);
  expect(link.isUp).toBe(false);
  await right.restore(nothing);
  expect(link.isUp).toBe(true);
});

test('a cable that the test has unplugged stays unplugged when the power comes back', async () => {
  const { link, left, right } = cable();
  await link.setUp(false);
  await left.cut(nothing);
  await right.cut(nothing);
  await left.restore(nothing);
  await right.restore(nothing);
  expect(link.isUp).toBe(false);
});

test('a cable that is plugged in while a device has no power has carriers when the power comes back', async () => {
  const { link, left } = cable();
  {
    await using _unplugged = await link.unplug();
    await left.cut(nothing);
  }
  expect(link.isUp).toBe(false);
  await left.restore(nothing);
  expect(link.isUp).toBe(true);
});

test('a cable that is unplugged while a device has no power stays unplugged when the power comes back', async () => {
  const { link, left } = cable();
  await left.cut(nothing);
  {
    await using _unplugged = await link.unplug();
    await left.restore(nothing);
    expect(link.isUp).toBe(false);
  }
  expect(link.isUp).toBe(true);
});

test('a device has power if the attempt to halt it failed', async () => {
  const { link, left } = cable();
  await expect(left.cut(() => Promise.reject(new Error('QEMU refuses')))).rejects.toThrow('QEMU refuses');
  expect([left.isOn, link.isUp]).toEqual([true, true]);
  await left.cut(nothing);
  expect([left.isOn, link.isUp]).toEqual([false, false]);
});

test('without power, a device on a segment loses its carrier, and the only other end keeps it, as at a hub', async () => {
  const { left, calls } = connected(true);
  await left.cut(nothing);
  expect(calls.splice(0)).toEqual(['set_link left false']);
  await left.restore(nothing);
  expect(calls).toEqual(['set_link left true']);
});

test('a segment that the test unplugs while a device has no power stays unplugged when the power comes back', async () => {
  const { link, left, calls } = connected(true);
  await left.cut(nothing);
  await link.setUp(false);
  calls.splice(0);
  await left.restore(nothing);
  expect(calls).toEqual(['set_link left false']);
});
