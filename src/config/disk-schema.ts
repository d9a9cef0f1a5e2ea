// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';

/** Formats of disk images, as the configuration names them. */
export const diskFormats = ['auto', 'qcow2', 'raw', 'vmdk', 'vdi', 'vhdx', 'vhd'] as const;

/** The largest empty disk, in MiB: what a disk with an MBR can address. */
const largestMiB = 2 ** 21;
/** As many disks fit into the PCI slots, besides the first one. */
const maxDisks = 8;
/** As many CDs fit on the AHCI controller, beside a disk. */
const maxCdroms = 4;

const bus = z.enum(['virtio', 'ahci', 'ide', 'scsi']);
const properties = {
  bus: bus.optional().describe('how it is attached; default: `virtio`'),
  sizeMiB: z.int().min(1).max(largestMiB).optional().describe('size of an empty disk, in MiB'),
  serial: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,20}$/, { error: '1 to 20 letters, digits, dots, dashes and underscores' })
    .optional()
    .describe('serial number that the guest sees'),
  readOnly: z.boolean().optional().describe('whether the guest may only read it; for the buses virtio and scsi'),
};

/** Keys of the appliance that describe its disks and CDs. @param path - the schema of a path */
export function diskKeys(path: z.ZodString) {
  return {
    image: path
      .optional()
      .describe('disk image or CD image (ISO), which may be compressed or in an OVA, relative to this file; absent for none'),
    format: z.enum(diskFormats).default('auto').describe('format of the disk image'),
    disk: z
      .union([bus, z.strictObject(properties)])
      .optional()
      .describe(
        'how the disk is attached: a bus, or an object with `bus`, `sizeMiB` (makes an empty disk), `serial` and `readOnly`; default: `virtio`',
      ),
    disks: z
      .array(
        z.strictObject({
          image: path.optional().describe('disk image, relative to this file; absent for an empty disk'),
          format: z.enum(diskFormats).optional().describe('format of the disk image; default: `auto`'),
          ...properties,
        }),
      )
      .max(maxDisks)
      .optional()
      .describe('further disks, each with `image` or `sizeMiB`, and optionally `format`, `bus`, `serial` and `readOnly`'),
    cdroms: z.array(path).max(maxCdroms).optional().describe('CD images (ISO), relative to this file'),
  };
}

/** What the checks look at. */
interface DiskSettings {
  readonly image?: string | undefined;
  readonly disk?: string | DiskProperties | undefined;
  readonly disks?: readonly DiskProperties[] | undefined;
  readonly cdroms?: readonly string[] | undefined;
}

interface DiskProperties {
  readonly image?: string | undefined;
  readonly bus?: string | undefined;
  readonly sizeMiB?: number | undefined;
  readonly readOnly?: boolean | undefined;
}

/** A combination of keys that does not work. */
export interface DiskProblem {
  readonly path: readonly (string | number)[];
  /** what was expected instead */
  readonly expected: string;
}

/** Keys that make a machine boot without a disk image, with the values that do not. */
const otherSources: Readonly<Record<string, readonly unknown[]>> = {
  kernel: [],
  firmware: ['bios', 'uefi', 'uefi-secure-boot'],
  boot: ['disk'],
};

/** Checks the keys of {@link diskKeys} together. Pure. */
export function diskProblems({ image, disk, disks = [] }: DiskSettings): readonly DiskProblem[] {
  const main = typeof disk === 'object' ? disk : {};
  return [
    ...propertyProblems(['disk'], { ...main, image }),
    ...disks.flatMap((one, index) => [
      ...((one.image === undefined) === (one.sizeMiB === undefined)
        ? [{ path: ['disks', index], expected: 'either image or sizeMiB' }]
        : []),
      ...propertyProblems(['disks', index], one),
    ]),
  ];
}

/** Checks that a machine has something to boot. Pure. */
export function bootProblems(appliance: DiskSettings): readonly DiskProblem[] {
  const { image, disks = [], cdroms = [] } = appliance;
  const isBootable = image !== undefined || cdroms.length > 0 || disks.some((one) => one.image !== undefined);
  if (isBootable || Object.entries(otherSources).some(([key, values]) => boots(appliance, key, values))) return [];
  return [{ path: ['image'], expected: 'a disk image, or another key that boots the machine, such as cdroms or kernel' }];
}

function boots(appliance: object, key: string, values: readonly unknown[]): boolean {
  const value: unknown = Reflect.get(appliance, key);
  return value !== undefined && !values.includes(value);
}

function propertyProblems(
  path: readonly (string | number)[],
  { image, bus: on, readOnly }: DiskProperties,
): readonly DiskProblem[] {
  if (readOnly !== true) return [];
  if (image === undefined) return [{ path: [...path, 'readOnly'], expected: 'false, because an empty disk has nothing to read' }];
  if (on !== 'ahci' && on !== 'ide') return [];
  return [{ path: [...path, 'bus'], expected: 'virtio or scsi, because the others have no read-only disks' }];
}
