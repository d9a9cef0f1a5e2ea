// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { ManifestError } from './errors.ts';

/** The package's list of images, two levels up from this module in `src/` and in `dist/`. */
export const manifestFile = path.join(import.meta.dirname, '..', '..', 'ci-images', 'images.yaml');

const text = z.string().trim().min(1);
const EntrySchema = z.strictObject({
  folder: text.refine(
    (folder) => !path.isAbsolute(folder) && !folder.split('/').includes('..'),
    'must be a folder beside this file',
  ),
  purpose: text.refine((purpose) => !purpose.includes('\n'), 'must be one line'),
  program: z.boolean().default(false),
  optional: z.boolean().default(false),
});
const ManifestSchema = z.strictObject({
  registry: text,
  tag: text,
  base: z.strictObject({ image: text, suite: text, mirror: z.url({ protocol: /^https?$/ }) }),
  images: z.record(
    // the variables of images called `registry` or `tag` would be those of the settings for all images
    z
      .string()
      .regex(
        /^(?!(?:registry|tag)$)[a-z][a-z0-9-]*$/,
        'an image name consists of lower case letters, digits and hyphens, and is not "registry" or "tag"',
      ),
    EntrySchema,
  ),
});

/** One image of the list: `folder`, `purpose`, whether its build context contains Node and alpy itself, and whether only some users need it. */
export type ManifestEntry = Readonly<z.output<typeof EntrySchema>>;
/** The base of the images: the official image, and the source of a replacement. */
export type BaseEntry = Readonly<z.output<typeof ManifestSchema>['base']>;

/** The checked list of images. */
export interface Manifest {
  /** the file it was read from; folders are relative to its directory */
  readonly file: string;
  readonly registry: string;
  readonly tag: string;
  readonly base: BaseEntry;
  readonly images: Readonly<Record<string, ManifestEntry>>;
}

/**
 * Reads and checks the list of images.
 * @throws {@link ManifestError} with all problems
 */
export function loadManifest(file: string = manifestFile): Manifest {
  const checked = ManifestSchema.safeParse(readYaml(file));
  if (!checked.success) {
    throw new ManifestError(
      file,
      checked.error.issues.map(({ path: keys, message, ...issue }) => {
        const detail = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? message) : message;
        return `${keys.join('.') || '(top)'}: ${detail}`;
      }),
    );
  }
  const folders = Object.entries(checked.data.images).map(([name, { folder }]) => ({
    name,
    folder: path.join(path.dirname(file), folder),
  }));
  const incomplete = folders.filter(({ folder }) => !existsSync(path.join(folder, 'Dockerfile')));
  if (incomplete.length > 0)
    throw new ManifestError(
      file,
      incomplete.map(({ name, folder }) => `images.${name}.folder: no Dockerfile in ${folder}`),
    );
  return { file, ...checked.data };
}

function readYaml(file: string): unknown {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ManifestError(file, [`cannot be read: ${messageOf(error)}`], { cause: error });
  }
  const document = parseDocument(source);
  if (document.errors.length > 0)
    throw new ManifestError(
      file,
      document.errors.map(({ message }) => message),
    );
  return document.toJS();
}
