// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Capture } from '../../../../src/capture/index.ts';
import type { QmpClient } from '../../../../src/qemu/index.ts';
import { PowerSupply } from '../../../../src/testbed/faults/power-supply.ts';
import type { NicOfDevice } from '../../../../src/testbed/link-end.ts';
import { Link } from '../../../../src/testbed/link.ts';

const nothing = (): Promise<void> => Promise.resolve();

/** A cable between two devices, with the power supply of each. */
function cable(): { readonly link: Link; readonly left: PowerSupply; readonly right: PowerSupply } {
  const newQmp = (): QmpClient => ({ execute: nothing }) as unknown as QmpClient;
  const [leftQmp, rightQmp] = [newQmp(), newQmp()];
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
  const link = new Link({ name: 'left:0--right:0', index: 0, ends, capture: {} as Capture });
  return { link, left: new PowerSupply('left', leftQmp, [link]), right: new PowerSupply('right', rightQmp, [link]) };
}

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

test('a device has power if the attempt to halt it failed', async () => {
  const { link, left } = cable();
  await expect(left.cut(() => Promise.reject(new Error('QEMU refuses')))).rejects.toThrow('QEMU refuses');
  expect([left.isOn, link.isUp]).toEqual([true, true]);
  await left.cut(nothing);
  expect([left.isOn, link.isUp]).toEqual([false, false]);
});
