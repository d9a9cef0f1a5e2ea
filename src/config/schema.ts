// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { maxLinks } from '../topology/index.ts';
import { ApplianceSchema } from './appliance-schema.ts';

// An object, not a number of links alone, so that cables between several DUTs can join it without breaking a file.
const TopologySchema = z.strictObject({
  links: z.int().min(0).max(maxLinks).default(2).describe('number of NICs, each with a node at its other end'),
});

const ImagesSchema = z
  .object({
    registry: z.string().optional().describe('where all container images come from, unless one is named below'),
    tag: z.string().optional().describe('tag of all container images, unless one is named below'),
    qemu: z.string().optional().describe('image that QEMU runs in'),
    node: z.string().optional().describe('image of the nodes'),
    traffic: z.string().optional().describe('image of the applications that make traffic'),
  })
  .catchall(z.string()); // a suite may name images of its own

const TestsSchema = z.strictObject({
  include: z
    .array(z.string().min(1))
    .min(1)
    .default(['tests/**/*.test.ts', '*.test.ts'])
    .describe('globs, relative to this file'),
  timeoutMs: z
    .int()
    .min(1)
    .default(120_000)
    .describe('how long one test may take after its guest has booted, in ms; four times that without KVM'),
  concurrent: z
    .boolean()
    .default(false)
    .describe('whether the tests of one file run at once, too, as those that say `test.concurrent` do anyway'),
});

/** How much of the disk snapshots may take when nobody says otherwise, in MiB. */
export const defaultSnapshotsMiB = 8192;

const SnapshotsSchema = z.strictObject({
  directory: z
    .string()
    .min(1)
    .optional()
    .describe('folder that keeps them, relative to this file; absent for one below ~/.cache/alpy'),
  maxMiB: z
    .int()
    .min(1)
    .default(defaultSnapshotsMiB)
    .describe('how much of the disk they may take, in MiB; those used longest ago go first'),
});

/** The one schema of `alpy.config.ts` and `alpy.yaml`. */
export const ConfigSchema = z.strictObject({
  appliance: ApplianceSchema.describe('the device under test'),
  topology: TopologySchema.prefault({}).describe('what is wired to what'),
  images: ImagesSchema.prefault({}).describe('container images, by name'),
  tests: TestsSchema.prefault({}).describe('which files are tests, and how they run'),
  accel: z.enum(['auto', 'kvm', 'tcg']).default('auto').describe('QEMU accelerator; auto tries KVM with a short boot'),
  boot: z
    .enum(['cold', 'snapshot'])
    .default('snapshot')
    .describe('boot for each test, or boot once and restore a snapshot for each test'),
  snapshots: SnapshotsSchema.prefault({}).describe('where snapshots are kept'),
  workers: z.int().min(1).optional().describe('how many tests run at once; absent for as many as cores and memory allow'),
  retries: z.int().min(0).default(0).describe('how often a test that failed is tried again'),
  out: z
    .string()
    .min(1)
    .default('alpy-out')
    .describe('directory of the reports, relative to this file; the default lies in the current directory'),
});

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;

/** A checked configuration, all defaults filled in, all paths absolute but the globs of `tests.include`. Frozen. */
export type Config = DeepReadonly<z.output<typeof ConfigSchema>>;
/** The description of an appliance, all defaults filled in. */
export type Appliance = Config['appliance'];
/** What a configuration file says. */
export type ConfigInput = DeepReadonly<z.input<typeof ConfigSchema>>;
/** Some values of a configuration, to lay over those of the file; `undefined` leaves a value alone. */
export type ConfigOverrides = DeepPartial<ConfigInput>;

/** Gives `alpy.config.ts` completion and type checks; returns `config` as it is. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}

/** The JSON Schema of `alpy.yaml`, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(ConfigSchema, { io: 'input' });
}
