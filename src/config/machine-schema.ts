// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { path } from './values.ts';

/** QEMU's machine types that alpy knows. */
export const MachineSchema = z.enum(['q35', 'pc', 'microvm', 'virt']);

/** The firmware that starts the machine. */
export const FirmwareSchema = z.union(
  [
    z.enum(['bios', 'uefi', 'uefi-secure-boot']),
    z.strictObject({ file: path, variables: path.optional() }), // a file of this machine
  ],
  { error: 'bios, uefi, uefi-secure-boot, or a file: { file: PATH }, for UEFI with { variables: PATH }, too' },
);

/** Where the console of the device is. */
export const ConsoleSchema = z.enum(['serial', 'virtio', 'firmware']);

/** The longest name that QEMU's fw_cfg has room for. */
const maxNameLength = 55;

const FwCfgNameSchema = z
  .string()
  .regex(/^opt\/[!-+\--~]+$/, {
    error: 'a name that starts with opt/, without blanks and commas, such as opt/com.example/config',
  })
  .max(maxNameLength, { error: `a name of at most ${maxNameLength} characters` });

/** Files that a guest finds in QEMU's fw_cfg, by name. */
export const FilesSchema = z.record(
  FwCfgNameSchema,
  z.union([path, z.strictObject({ text: z.string() })], { error: 'the path of a file, or { text: TEXT }' }),
);

/** A text in an SMBIOS table. */
const text = z
  .string()
  .min(1)
  .regex(/^[\x20-\x7e]+$/, { error: 'printable ASCII text' });

/** What the SMBIOS tables say about the hardware. */
export const SmbiosSchema = z.strictObject({
  manufacturer: text.optional().describe('manufacturer of the system'),
  product: text.optional().describe('product name of the system'),
  version: text.optional().describe('version of the system'),
  serial: text.optional().describe('serial number of the system'),
  uuid: z.uuid({ error: 'a UUID such as 5f0c3a1e-6d1b-4c9e-9b57-0242ac110002' }).optional().describe('UUID of the system'),
  sku: text.optional().describe('stock keeping unit of the system'),
  family: text.optional().describe('product family of the system'),
  bios: z
    .strictObject({
      vendor: text.optional().describe('vendor of the BIOS'),
      version: text.optional().describe('version of the BIOS'),
      date: z
        .string()
        .regex(/^\d\d\/\d\d\/\d{4}$/, { error: 'a date as MM/DD/YYYY' })
        .optional()
        .describe('release date of the BIOS, as MM/DD/YYYY'),
    })
    .optional(),
  board: z
    .strictObject({
      manufacturer: text.optional().describe('manufacturer of the board'),
      product: text.optional().describe('product name of the board'),
      version: text.optional().describe('version of the board'),
      serial: text.optional().describe('serial number of the board'),
      asset: text.optional().describe('asset tag of the board'),
    })
    .optional(),
  chassis: z
    .strictObject({
      manufacturer: text.optional().describe('manufacturer of the chassis'),
      version: text.optional().describe('version of the chassis'),
      serial: text.optional().describe('serial number of the chassis'),
      asset: text.optional().describe('asset tag of the chassis'),
      sku: text.optional().describe('stock keeping unit of the chassis'),
    })
    .optional(),
  oemStrings: z.array(text).min(1).optional().describe('OEM strings'),
});

/** The version of the TPM that the machine has. */
export const TpmSchema = z.enum(['2.0', '1.2']);
