// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { codeOf, messageOf, SettingsError } from '../../core/errors.ts';
import { ConfigSchema } from '../../config/index.ts';
import { capabilityName, reasonToRefuse } from '../../docker/refused-capabilities.ts';

const path = z.string().startsWith('/', { error: 'expected an absolute path' });

/** A capability that jobs may have, in any spelling. */
const capability = z
  .string()
  .min(1)
  .refine((name) => reasonToRefuse(capabilityName(name)) === undefined, {
    error: ({ input }) =>
      `expected a capability that keeps a job within its testbed, got ${String(input)}: ${reasonToRefuse(capabilityName(String(input))) ?? ''}`,
  });

/** The settings of a runner's administrator. Jobs cannot change them. */
const SettingsSchema = z.strictObject({
  root: path.default('/var/lib/alpy').describe('folder for builds, caches, snapshots and the state of jobs'),
  appliances: z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
      ConfigSchema.pick({ appliance: true, topology: true, boot: true }),
    )
    .default({})
    .describe('appliances that jobs may choose with ALPY_APPLIANCE; written as in alpy.yaml, image paths relative to this file'),
  imageFolders: z.array(path).default([]).describe('folders whose disk images a job may use, besides those of its own project'),
  images: z
    .strictObject({
      default: z.string().min(1).optional().describe("image of jobs that name none; default: alpy's image traffic"),
      allow: z
        .array(z.string().min(1))
        .default([])
        .describe('images that jobs and their services may use: * stands for anything but /, ** for anything'),
    })
    .prefault({})
    .describe('container images of jobs'),
  alpyImages: z.record(z.string(), z.string()).default({}).describe("locations of alpy's images, like images in alpy.yaml"),
  variables: z
    .strictObject({
      allow: z
        .array(
          z.string().regex(/^[A-Za-z_*][\w*]*$/, { error: 'expected the name of a variable, in which * stands for anything' }),
        )
        .default([])
        .describe(
          "variables of jobs that git and gitlab-runner on this machine get as well; * stands for anything. The job's container gets all",
        ),
    })
    .prefault({})
    .describe('variables of jobs'),
  limits: z
    .strictObject({
      memoryMiB: z
        .int()
        .min(32)
        .default(4096)
        .describe('largest memory of all devices of a testbed, in MiB; a node of kind guest counts as 256'),
      cpus: z
        .int()
        .min(1)
        .default(4)
        .describe('largest number of processors of all devices of a testbed; a node of kind guest counts as one'),
      links: z.int().min(0).default(8).describe('largest number of links of a testbed; each end of a segment counts as one'),
      jobMemoryMiB: z
        .int()
        .min(16)
        .default(2048)
        .describe("memory of the container of a job's scripts, and of each of its services, in MiB"),
      jobPids: z.int().min(16).default(2048).describe('processes and threads in each of these containers'),
      capabilities: z
        .array(capability)
        .default([])
        .describe('capabilities that jobs may ask for with ALPY_CAPABILITIES, besides NET_ADMIN and NET_RAW'),
      uplinks: z
        .array(z.string().min(1))
        .default([])
        .describe('networks of Docker through which uplinks of jobs may lead, such as bridge; uplink: true means the first'),
    })
    .prefault({})
    .describe('what a job may use'),
  snapshotsMiB: z.int().min(1).default(8192).describe('how much of the disk snapshots may take, in MiB'),
  graceSeconds: z
    .int()
    .min(0)
    .default(600)
    .describe("how long a testbed may run after its job's timeout if cleanup has not run, in seconds"),
  keptMiB: z
    .int()
    .min(0)
    .default(1024)
    .describe('how much of the disk captures and logs of jobs that were stopped before the upload may take, in MiB'),
  trustJobs: z
    .boolean()
    .default(false)
    .describe(
      'whether jobs may give QEMU arguments, hooks and variables that run programs on this machine, and uplinks through any network',
    ),
});

/** The driver's settings; see {@link loadSettings}. */
export type Settings = z.output<typeof SettingsSchema> & {
  /** absolute path of the file they come from */
  readonly file: string;
};

/** The driver's settings cannot be used. */
export class ExecutorSettingsError extends SettingsError {
  readonly code = 'ALPY_EXECUTOR_SETTINGS';
}

/**
 * Reads the driver's settings.
 * @param file - absolute path
 * @throws ExecutorSettingsError when the file does not exist, or with all its errors
 */
export async function loadSettings(file: string): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = codeOf(cause) === 'ENOENT' ? 'the file does not exist. alpy executor install creates it' : messageOf(cause);
    throw new ExecutorSettingsError(file, [reason], { cause });
  });
  let raw: unknown;
  try {
    raw = parse(text, { logLevel: 'error' }) ?? {}; // no warnings of the parser on standard error
  } catch (cause) {
    throw new ExecutorSettingsError(file, [messageOf(cause)], { cause });
  }
  const checked = SettingsSchema.safeParse(raw);
  if (checked.success) return { ...checked.data, file };
  const problems = checked.error.issues.map(({ path: where, message }) => `${where.join('.') || 'the whole file'}: ${message}`);
  throw new ExecutorSettingsError(file, problems);
}

/** The settings of an empty file. */
export function defaultSettings(file: string): Settings {
  return { ...SettingsSchema.parse({}), file };
}

/** The JSON Schema of the settings, for editors. */
export function settingsJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(SettingsSchema, { io: 'input' });
}
