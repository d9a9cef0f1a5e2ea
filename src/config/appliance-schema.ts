// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { bootProblems, diskKeys, diskProblems, type DiskProblem } from './disk-schema.ts';
import { LoginSchema } from './login-schema.ts';
import { ConsoleSchema, FilesSchema, FirmwareSchema, MachineSchema, SmbiosSchema, TpmSchema } from './machine-schema.ts';
import { NicModelSchema, NicsSchema } from './nic-schema.ts';
import { CloudInitSchema } from './cloud-init-schema.ts';
import { ReadySchema } from './ready-schema.ts';
import { path, text } from './values.ts';

/** All keys of {@link ApplianceSchema}, without the checks that need several of them. */
export const ApplianceKeys = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
      error: 'letters, digits, dots, dashes and underscores, 63 at most, starting with a letter or digit',
    })
    .default('dut')
    .describe('name in logs and reports'),
  ...diskKeys(path),
  memoryMiB: z.int().min(32).default(256).describe('memory, in MiB'),
  cpus: z.int().min(1).default(1).describe('number of virtual processors'),
  cpu: text.optional().describe('QEMU CPU model; default: the best one of the accelerator'),
  machine: MachineSchema.default('q35').describe(
    'QEMU machine type; `virt` has a 64-bit ARM processor, `microvm` has no PCI bus',
  ),
  nic: NicModelSchema.default('virtio-net-pci').describe('model of the NICs'),
  nics: NicsSchema.optional().describe('what differs for single NICs, in the order of the links: `model`, `mac`, `rom`'),
  boot: z
    .enum(['disk', 'network'])
    .optional()
    .describe('what the firmware boots: `network` tries the NICs in their order, then the disk; default: `disk`'),
  firmware: FirmwareSchema.default('bios').describe(
    'firmware that boots the disk: one of these, or `{ file: PATH }`; `{ file, variables }` for UEFI',
  ),
  kernel: path.optional().describe('Linux kernel that QEMU loads itself, instead of what the disk boots; relative to this file'),
  initrd: path.optional().describe('initial RAM disk for `kernel`, relative to this file'),
  kernelArgs: text.optional().describe('command line of `kernel`, such as `console=ttyS0`'),
  files: FilesSchema.optional().describe('files in fw_cfg, by names that start with `opt/`: a path, or `{ text: TEXT }`'),
  console: ConsoleSchema.optional().describe(
    'where the console is: `serial`, `virtio` (hvc0), or `firmware` for a serial port to which BIOS and boot loader print, too; default: `serial`',
  ),
  smbios: SmbiosSchema.optional().describe('what the SMBIOS tables say about the hardware'),
  tpm: TpmSchema.optional().describe('version of an emulated TPM, new for each testbed; default: no TPM'),
  qemuArgs: z.array(z.string()).default([]).describe('additional arguments of QEMU; files in them are relative to this file'),
  cloudInit: CloudInitSchema.optional().describe('seed for cloud-init in the guest (NoCloud); absent for none'),
  bootTimeoutMs: z
    .int()
    .min(1)
    .default(120_000)
    .describe('how long a cold boot may take, including log-in and provisioning, in ms'),
  login: LoginSchema.optional().describe('how to log in on the serial console; absent if there is no log-in'),
  ready: ReadySchema,
  provision: z
    .array(text)
    .default([])
    .describe(
      'shell commands to run after the log-in of each boot, before the test, within bootTimeoutMs; their effects are part of the snapshot',
    ),
  clockCommand: z
    .string()
    .optional()
    .describe(
      'shell command that sets the clock after a snapshot was restored, with {time} and {seconds} since 1970; empty for none; default: `date`',
    ),
  rebootCommand: text.optional().describe('shell command that reboots the appliance; default: `reboot`'),
  powerOffCommand: text.optional().describe('shell command that powers the appliance off; default: the ACPI button'),
  become: text.optional().describe('prefix of the three commands above if the user is not root, such as `sudo -n` or `doas -n`'),
  kernelMessages: z
    .enum(['keep', 'separate'])
    .default('keep')
    .describe('whether kernel messages stay in the output of shell commands, or are only in `kernelMessages`'),
  lineEnd: z.enum(['lf', 'cr', 'crlf']).default('lf').describe('line ending for input on the serial console'),
});

/** The device under test: its image, its hardware and how to log in. */
export const ApplianceSchema = ApplianceKeys.superRefine((appliance, context) => {
  for (const problem of combinationProblems(appliance))
    context.addIssue({ code: 'custom', path: [...problem.path], message: problem.expected, input: appliance });
});

/** What a test or a device may override. Its values are checked together with those of the configuration. */
export const ApplianceOverrides = withoutDefaults(ApplianceKeys).partial();

/** Finds keys of a whole appliance that do not work together. Pure. */
export function combinationProblems(appliance: Parameters<typeof diskProblems>[0]): readonly DiskProblem[] {
  return [...bootProblems(appliance), ...diskProblems(appliance)];
}

/** The same keys, but an absent one stays absent. */
function withoutDefaults(keys: typeof ApplianceKeys): typeof ApplianceKeys {
  const shape = Object.entries(keys.shape).map(([key, schema]) => [
    key,
    schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType).describe(schema.description ?? '') : schema,
  ]);
  return z.strictObject(Object.fromEntries(shape) as typeof ApplianceKeys.shape);
}
