// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from './schema.ts';

/** Keys from which the number of drives follows. */
export type DriveKeys = Pick<Appliance, 'machine' | 'image' | 'disk' | 'disks' | 'cdroms' | 'cloudInit'>;

type Bus = NonNullable<NonNullable<Appliance['disks']>[number]['bus']>;

/** A controller with few places, and the drives for it. */
interface Controller {
  readonly name: string;
  readonly places: number;
  readonly buses: readonly Bus[];
}

const controllers: Partial<Record<Appliance['machine'], readonly Controller[]>> = {
  q35: [{ name: 'AHCI controller', places: 6, buses: ['ahci', 'ide'] }], // its ports are also those for `ide`
  pc: [
    { name: 'IDE controller', places: 4, buses: ['ide'] },
    { name: 'AHCI controller', places: 6, buses: ['ahci'] },
  ],
};

/** The bus of CDs. */
const cdromBus: Partial<Record<Appliance['machine'], Bus>> = { q35: 'ahci', pc: 'ide' };

/** Finds controllers with more drives than places. A CD image as `image` counts if `disk` adds an empty disk to it. Pure. */
export function placeProblems(appliance: DriveKeys): readonly string[] {
  const { machine } = appliance;
  const buses = busesOf(appliance);
  return (controllers[machine] ?? []).flatMap((controller) => {
    const count = buses.filter((bus) => controller.buses.includes(bus)).length;
    if (count <= controller.places) return [];
    const { name, places } = controller;
    return [
      `disks: expected at most ${places} drives on the ${name} of machine ${machine}, counting ${contents(controller, machine)}, got ${count}. ` +
        'Set bus to virtio or scsi for some disks, or use fewer CDs',
    ];
  });
}

/** What counts as a drive of a controller, for people. */
function contents({ buses }: Controller, machine: Appliance['machine']): string {
  const disks = `disks with bus ${buses.join(' or ')}`;
  const hasCdroms = buses.some((bus) => bus === cdromBus[machine]);
  return hasCdroms
    ? `${disks}, CDs, and the seed of cloudInit beside such a disk`
    : `${disks}, and the seed of cloudInit beside one`;
}

/** The bus of each drive. */
function busesOf({ machine, image, disk, disks = [], cdroms = [], cloudInit }: DriveKeys): readonly Bus[] {
  const { bus = 'virtio', sizeMiB } = typeof disk === 'string' ? { bus: disk } : (disk ?? {});
  const isEmpty = sizeMiB !== undefined; // then the image can only be a CD
  const main = isEmpty || image !== undefined ? [bus] : [];
  const all = [...main, ...disks.map((one) => one.bus ?? 'virtio')];
  const compactDiscs = cdroms.length + (isEmpty && image !== undefined ? 1 : 0);
  return [
    ...all,
    ...Array.from({ length: compactDiscs }, () => cdromBus[machine] ?? 'scsi'),
    ...(cloudInit ? [all[0] ?? 'virtio'] : []),
  ];
}
