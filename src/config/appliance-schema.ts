// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { isPattern } from './pattern.ts';

const text = z.string().min(1);
const pattern = text.refine(isPattern, { error: 'text or a valid /regular expression/' });

/** How to log in to the appliance on its serial console. */
const LoginSchema = z.strictObject({
  user: text.describe('name to log in with'),
  password: z.string().optional().describe('password; absent when the appliance asks for none'),
  loginPrompt: pattern
    .optional()
    .describe('what the console prints when it wants a name, text or /regular expression/; absent for "login: " and its like'),
  passwordPrompt: pattern
    .optional()
    .describe('what it prints when it wants the password, text or /regular expression/; absent for "Password: " and its like'),
  shellPrompt: pattern
    .optional()
    .describe(
      'what it prints when it takes commands, text or /regular expression/; default: matches "# ", "$ " and similar prompts',
    ),
  failure: pattern.optional().describe('what it prints when it refuses the log-in; text or /regular expression/'),
  retryMs: z
    .int()
    .min(0)
    .optional()
    .describe(
      'how long after the start of the guest a refused log-in is tried again, in ms, within bootTimeoutMs: cloud-init sets passwords late; default: 60000',
    ),
  shellCommand: text
    .optional()
    .describe(
      'what to type after the log-in to get a POSIX shell: `exec sh` if the log-in shell is csh or fish; absent for nothing',
    ),
});

/** The device under test: its image, its hardware, how to log in. */
export const ApplianceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
      error: 'letters, digits, dots, dashes and underscores, 63 at most, starting with a letter or digit',
    })
    .default('dut')
    .describe('name in logs and reports'),
  image: text.describe('disk image, relative to this file'),
  format: z.enum(['auto', 'qcow2', 'raw', 'vmdk', 'vdi', 'vhdx']).default('auto').describe('format of the disk image'),
  memoryMiB: z.int().min(32).default(256).describe('memory, in MiB'),
  cpus: z.int().min(1).default(1).describe('number of virtual processors'),
  cpu: text.optional().describe('QEMU CPU model; absent for the best one of the accelerator'),
  machine: z.enum(['q35', 'pc']).default('q35').describe('QEMU machine type'),
  disk: z.enum(['virtio', 'ahci', 'ide', 'scsi']).default('virtio').describe('how the disk is attached'),
  nic: z
    .enum(['virtio-net-pci', 'e1000', 'e1000e', 'vmxnet3', 'rtl8139'])
    .default('virtio-net-pci')
    .describe('model of the NICs'),
  firmware: z.enum(['bios', 'uefi']).default('bios').describe('firmware that boots the disk'),
  qemuArgs: z.array(z.string()).default([]).describe('further arguments of QEMU'),
  bootTimeoutMs: z.int().min(1).default(120_000).describe('how long a cold boot may take, with log-in and provisioning, in ms'),
  login: LoginSchema.optional().describe('how to log in on the serial console; absent when nobody can'),
  provision: z
    .array(text)
    .default([])
    .describe(
      'shell commands that are run after the log-in of each boot, within bootTimeoutMs, before the test; part of the snapshot',
    ),
  clockCommand: z
    .string()
    .optional()
    .describe(
      'shell command that sets the clock after a snapshot was restored: {time} and {seconds} since 1970; empty for none; default: `date`',
    ),
  rebootCommand: text.optional().describe('shell command that reboots the appliance; default: `reboot`'),
  powerOffCommand: text.optional().describe('shell command that powers the appliance off; absent for the ACPI button'),
  become: text
    .optional()
    .describe('what alpy puts before the three commands above if the user is not root, such as `sudo -n` or `doas -n`'),
  kernelMessages: z
    .enum(['keep', 'separate'])
    .default('keep')
    .describe('whether what the kernel prints meanwhile stays in the output of shell commands, or is only in `kernelMessages`'),
  lineEnd: z.enum(['lf', 'cr', 'crlf']).default('lf').describe('what ends a line that is typed on the serial console'),
});
