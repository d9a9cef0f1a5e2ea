// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Capture } from '../../../../src/capture/index.ts';
import type { NicOfDevice } from '../../../../src/testbed/link-end.ts';
import { Link } from '../../../../src/testbed/link.ts';

/** A cable between two devices whose QEMU accepts every command. */
function cable(): Link {
  const machine = { qmp: { execute: () => Promise.resolve() } } as unknown as NicOfDevice['machine'];
  const spec = { id: 'nic0', netdev: 'net0' };
  const nic = { kind: 'nic', mac: '52:54:00:a1:00:00', model: 'virtio-net-pci', spec, machine } as const;
  const ends = ['left', 'right'].map((dut) => ({ ...nic, name: `${dut}:0`, dut }));
  return new Link({ name: 'left:0--right:0', index: 0, ends, capture: {} as Capture });
}

test('a cable is plugged in again at the end of the block in which it was unplugged', async () => {
  const link = cable();
  {
    await using _unplugged = await link.unplug();
    expect(link.isUp).toBe(false);
  }
  expect(link.isUp).toBe(true);
});

test('a cable that was unplugged before stays unplugged at the end of the block', async () => {
  const link = cable();
  void link.setUp(false); // not yet done
  {
    await using _unplugged = await link.unplug();
  }
  expect(link.isUp).toBe(false);
});
