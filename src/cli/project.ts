// SPDX-License-Identifier: GPL-3.0-or-later
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import type { OptionalFile } from './init-files.ts';
import type { CliIo } from './io.ts';

/** @throws UsageError if one of the files exists */
export async function assertNoneExists(io: CliIo, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await exists(join(io.directory, name)))
      throw new UsageError(`${name} already exists. Remove it first: alpy init overwrites nothing`);
  }
}

/** Writes a project: the files, those that every project may have, and what editors need. @throws EnvironmentError */
export async function writeProject(io: CliIo, files: Readonly<Record<string, string>>): Promise<void> {
  const [{ optionalFiles }, { editorFolder, writeEditorFiles }] = await Promise.all([
    import('./init-files.ts'),
    import('../config/index.ts'),
  ]);
  for (const [name, content] of Object.entries(files)) await create(io, name, content);
  for (const file of optionalFiles) await createUnlessPresent(io, file);
  await orThrow(join(io.directory, editorFolder), () => writeEditorFiles(io.directory));
  io.stdout(`wrote ${editorFolder}: types and schema for editors; git ignores it`);
}

async function createUnlessPresent(io: CliIo, { name, content, advice, suits }: OptionalFile): Promise<void> {
  const path = join(io.directory, name);
  if (!(await exists(path))) return create(io, name, content);
  const present = await orThrow(path, () => readFile(path, 'utf8'));
  if (!suits(present)) io.stdout(`${name} already exists. ${advice}`);
}

async function create(io: CliIo, name: string, content: string): Promise<void> {
  const path = join(io.directory, name);
  await orThrow(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { flag: 'wx' });
  });
  io.stdout(`wrote ${name}`);
}

async function orThrow<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    throw new EnvironmentError(`cannot read or write ${path}: ${messageOf(cause)}`, { cause });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
