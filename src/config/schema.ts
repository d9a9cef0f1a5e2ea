// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import type { RawTopology } from '../topology/index.ts';
import { ApplianceSchema } from './appliance-schema.ts';
import { TopologySchema } from './topology-schema.ts';
import { path } from './values.ts';

const ImagesSchema = z
  .object({
    registry: z.string().optional().describe('registry of all container images, except those named below'),
    tag: z.string().optional().describe('tag of all container images, except those named below'),
    qemu: z.string().optional().describe('image for QEMU'),
    'qemu-arm64': z.string().optional().describe('image for QEMU with a 64-bit ARM processor'),
    node: z.string().optional().describe('image for the nodes'),
    guest: z.string().optional().describe('image for nodes of kind guest'),
    traffic: z.string().optional().describe('image for programs that create traffic'),
  })
  .catchall(z.string()); // a suite may add images

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
    .describe('whether the tests of one file run at the same time, as if each were `test.concurrent`'),
  shuffle: z
    .union([z.boolean(), z.int().min(0)], { error: 'true, false or a whole number of at least 0' })
    .default(false)
    .describe('whether test files, and the tests in each, run in random order; a number is the seed of an order and repeats it'),
});

/** How much disk space snapshots may take by default, in MiB. */
export const defaultSnapshotsMiB = 8192;

const SnapshotsSchema = z.strictObject({
  directory: path.optional().describe('folder for snapshots, relative to this file; default: one below ~/.cache/alpy'),
  maxMiB: z
    .int()
    .min(1)
    .default(defaultSnapshotsMiB)
    .describe('how much disk space they may take, in MiB; the least recently used are removed first'),
});

/** The one schema of `alpy.config.ts` and `alpy.yaml`. */
export const ConfigSchema = z.strictObject({
  appliance: ApplianceSchema.optional().describe('the device under test; in `topology.duts`, its name is `appliance`'),
  appliances: z
    .record(z.string(), ApplianceSchema)
    .optional()
    .describe('appliances by name, for `topology.duts`; each has the keys of `appliance`'),
  topology: TopologySchema.prefault({}).describe('how NICs and nodes are connected'),
  images: ImagesSchema.prefault({}).describe('container images, by name'),
  tests: TestsSchema.prefault({}).describe('which files contain tests, and how they run'),
  accel: z.enum(['auto', 'kvm', 'tcg']).default('auto').describe('QEMU accelerator; auto tries KVM with a short boot'),
  boot: z
    .enum(['cold', 'snapshot'])
    .default('snapshot')
    .describe('boot the guest for each test, or boot it once and restore a snapshot for each test'),
  snapshots: SnapshotsSchema.prefault({}).describe('where snapshots are kept'),
  workers: z
    .int()
    .min(1)
    .optional()
    .describe('how many test files run at the same time; default: as many as cores and memory allow'),
  testbedsMiB: z
    .int()
    .min(1)
    .optional()
    .describe('memory for all testbeds of a run together, in MiB; default: 85 % of what is available when the run starts'),
  spareTestbeds: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe(
      'create the testbed of the next test while a test runs: auto if memory is left, a core is idle and no node has to boot without KVM, always if memory is left',
    ),
  retries: z.int().min(0).default(0).describe('how often to retry a test that failed'),
  retryEnvironment: z
    .int()
    .min(0)
    .default(0)
    .describe('how often to retry a test in addition after an error of the environment, such as a timeout under load'),
  failOnFlaky: z.boolean().default(false).describe('whether a test that passed only at a retry makes the run fail'),
  out: path
    .default('alpy-out')
    .describe('output directory, relative to this file; the default is relative to the current directory'),
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

/** The description of an appliance with all defaults filled in. */
export type Appliance = DeepReadonly<z.output<typeof ApplianceSchema>>;

/** A device under test. */
export interface Device {
  /** `dut` in the short form of a topology */
  readonly name: string;
  /** that of the configuration, with what differs for this device */
  readonly appliance: Appliance;
}

/** A checked configuration: all defaults filled in, all paths absolute except the globs of `tests.include`. Frozen. */
export interface Config extends DeepReadonly<Omit<z.output<typeof ConfigSchema>, 'appliance' | 'appliances' | 'topology'>> {
  /** by the names that `topology.duts` uses; that of the key `appliance` is `appliance` */
  readonly appliances: Readonly<Record<string, Appliance>>;
  readonly topology: RawTopology;
  /** in the order of the topology */
  readonly devices: readonly [Device, ...Device[]];
}

/** The contents of a configuration file. */
export type ConfigInput = DeepReadonly<z.input<typeof ConfigSchema>>;
/** Values that override those of the file; `undefined` overrides nothing. */
export type ConfigOverrides = DeepPartial<ConfigInput>;

/** Gives `alpy.config.ts` completion and type checks. Returns `config` unchanged. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}

/** The JSON Schema of `alpy.yaml`, for editors: draft 7, which all of them know. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ConfigSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, anyOf: [{ required: ['appliance'] }, { required: ['appliances'] }] };
}
