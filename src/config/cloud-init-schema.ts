// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { isJsonObject } from '../core/json-object.ts';

/** A file of the seed: its text, an object that becomes YAML, or the path of the file. */
export type SeedSource = string | Readonly<Record<string, unknown>> | { readonly file: string };

const source = z
  .union([z.string().min(1), z.strictObject({ file: z.string().min(1) }), z.record(z.string(), z.unknown())], {
    error: 'text, an object, or { file: PATH }',
  })
  .refine((value) => typeof value === 'string' || isFile(value) || !Object.hasOwn(value, 'file'), {
    error: 'an object without a key `file`, or only { file: PATH }',
  });

/** What cloud-init in the guest reads at its first boot: the files of a NoCloud seed. */
export const CloudInitSchema = z.strictObject({
  userData: source
    .optional()
    .describe(
      'user-data for cloud-init: text, an object, or `{ file: PATH }`; an object becomes YAML that begins with `#cloud-config`',
    ),
  metaData: source
    .optional()
    .describe(
      'meta-data for cloud-init: text, an object, or `{ file: PATH }`; default for instance-id: derived from the content of the seed',
    ),
  networkConfig: source.optional().describe('network-config for cloud-init: text, an object, or `{ file: PATH }`; default: none'),
});

/** The configuration of a seed. */
export type CloudInit = z.output<typeof CloudInitSchema>;

/** Whether a file of the seed is given by its path. */
export function isFile(value: unknown): value is { readonly file: string } {
  return isJsonObject(value) && typeof value['file'] === 'string' && Object.keys(value).length === 1;
}

/** The same with other paths. @param absolute - translates the path of a key of `cloudInit` */
export function withSeedPaths<T extends Readonly<Record<string, unknown>>>(
  cloudInit: T,
  absolute: (key: string, path: string) => string,
): T {
  const entries = Object.entries(cloudInit).map(([key, value]) => [
    key,
    isFile(value) ? { file: absolute(key, value.file) } : value,
  ]);
  return Object.fromEntries(entries) as T;
}
