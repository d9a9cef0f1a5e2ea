// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { path } from './values.ts';

/** Models of a NIC. */
export const NicModelSchema = z.enum([
  'virtio-net-pci',
  'e1000',
  'e1000e',
  'igb',
  'vmxnet3',
  'rtl8139',
  'pcnet',
  'ne2k_pci',
  'i82551',
]);

/** A MAC address of one NIC. */
export const MacSchema = z
  .string()
  .regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i, { error: 'six bytes such as 52:54:00:12:34:56' })
  .refine((mac) => (parseInt(mac.slice(0, 2), 16) & 1) === 0, {
    error: 'a MAC address of one NIC, not of a group: change its first byte to an even number, such as 52',
  })
  .refine((mac) => !/^[0:]*$/.test(mac), { error: 'a MAC address other than 0: leave it out for the default' });

/** What is special about single NICs, in the order of the links. */
export const NicsSchema = z.array(
  z.strictObject({
    model: NicModelSchema.optional().describe('its model; default: `nic`'),
    mac: MacSchema.optional().describe('its MAC address; default: 52:54:00:a1:00:00 for the first NIC, …:01 for the second'),
    rom: path
      .optional()
      .describe('file with its boot ROM, relative to this file; default: iPXE if `boot` is `network`, else none'),
  }),
);
