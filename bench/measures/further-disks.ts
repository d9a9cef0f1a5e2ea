// SPDX-License-Identifier: GPL-3.0-or-later
import { appliance, snapshotOf, testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';

/** Names of the figures. */
export const furtherDisks = { one: 'one disk, restored, up', two: 'two disks and a seed, restored, up' } as const;

/** as many as the configuration of the benchmark's appliance needs */
const links = 2;

const devices = {
  [furtherDisks.one]: appliance,
  [furtherDisks.two]: { ...appliance, disks: [{ sizeMiB: 64 }], cloudInit: { userData: '#cloud-config\n{}\n' } },
} as const;

/** Measures from the start of a restored testbed until its guest runs, with one disk, and with two disks and a seed. Creates the snapshots first. */
export async function furtherDisksUp(context: Context): Promise<void> {
  for (const [name, device] of Object.entries(devices)) {
    const own = { ...context, disk: await context.factory.inspectDisk(device) };
    const snapshot = await snapshotOf(own, links, device);
    const up = await timed(async () => {
      const testbed = await testbedOf(own, links, snapshot, device);
      await testbed.dut.boot();
      return testbed;
    });
    await up.result.close();
    context.figures.add(name, 'ms', up.ms);
  }
}
