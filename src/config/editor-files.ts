// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { replaceFile } from '../core/plain-file.ts';
import { alpyVersion } from '../version.ts';
import { moduleMap } from './resolve-hooks.ts';
import { configJsonSchema } from './schema.ts';

/** Folder beside the configuration that tells TypeScript and editors about alpy. It differs between machines, so git ignores it. */
export const editorFolder = '.alpy';

/** In {@link editorFolder}: where alpy's types are. A project's tsconfig.json extends it. */
export const editorTsconfig = `./${editorFolder}/tsconfig.json`;

/** In {@link editorFolder}: the JSON Schema of alpy.yaml, which names it in its first line. */
export const editorSchema = `${editorFolder}/alpy.schema.json`;

/**
 * Writes {@link editorFolder} into a project.
 * @throws Error of the file system
 */
export async function writeEditorFiles(directory: string): Promise<void> {
  const folder = join(directory, editorFolder);
  await mkdir(folder, { recursive: true });
  await replaceFile(join(folder, '.gitignore'), '*\n');
  await replaceFile(join(directory, editorSchema), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  await replaceFile(join(directory, editorTsconfig), tsconfigText(folder)); // last: updateEditorFiles looks at it
}

/**
 * Writes {@link editorFolder} if the project uses it and it is missing, as in a fresh clone, or is that of another alpy.
 * @throws Error of the file system
 */
export async function updateEditorFiles(directory: string): Promise<void> {
  const present = await textOf(join(directory, editorTsconfig));
  if (present === tsconfigText(join(directory, editorFolder))) return;
  const users = await Promise.all(['tsconfig.json', 'alpy.yaml'].map((name) => textOf(join(directory, name))));
  if (users.some((text) => text.includes(`${editorFolder}/`))) await writeEditorFiles(directory);
}

function tsconfigText(folder: string): string {
  const paths = [...typesMap()].map(([name, file]) => [name, [from(folder, file)]] as const);
  const settings = {
    display: `Written by alpy ${alpyVersion}: alpy init and alpy run keep it up to date`,
    compilerOptions: {
      target: 'ESNext',
      module: 'Preserve',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: ['node'],
      typeRoots: [from(folder, typeRoot())],
      paths: Object.fromEntries(paths),
    },
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/**
 * Like {@link moduleMap}, but with the files that declare the types of each name.
 * @param self - see {@link moduleMap}
 */
export function typesMap(self: string = import.meta.filename): ReadonlyMap<string, string> {
  if (extname(self) === '.ts') return moduleMap(self);
  const types = join(dirname(dirname(self)), 'types');
  const files = { alpy: 'index', 'alpy/test': 'test', 'alpy/carrot': 'carrot', carrot: 'carrot' };
  return new Map(Object.entries(files).map(([name, file]) => [name, join(types, `${file}.d.ts`)]));
}

/** The folder with the types of Node that alpy's types need. */
function typeRoot(): string {
  return dirname(dirname(createRequire(import.meta.url).resolve('@types/node/package.json')));
}

/** Relative to the folder if the file is in the project, so that the project can be moved or mounted elsewhere. */
function from(folder: string, file: string): string {
  return file.startsWith(join(dirname(folder), sep)) ? relative(folder, file) : file;
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => ''); // does not exist
}
