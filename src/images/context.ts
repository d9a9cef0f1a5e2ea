// SPDX-License-Identifier: GPL-3.0-or-later
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';

/** One file of a build context. */
export interface ContextFile {
  /** relative to the context, with `/` between the parts */
  readonly name: string;
  readonly mode: 0o644 | 0o755;
  readonly content: Buffer;
}

/** Reads all files of a folder, sorted by name. Owners, times and all mode bits except "executable" are ignored deliberately. */
export async function readContext(folder: string): Promise<readonly ContextFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => path.join(entry.parentPath, entry.name));
  // by code unit, not by locale: the order is part of the hash
  files.sort((a, b) => (a < b ? -1 : 1));
  return Promise.all(files.map((file) => readContextFile(file, path.relative(folder, file).split(path.sep).join('/'))));
}

/** Reads a file. @param name - its name in the context */
export async function readContextFile(file: string, name: string): Promise<ContextFile> {
  const [{ mode }, content] = await Promise.all([stat(file), readFile(file)]);
  return { name, mode: mode & 0o100 ? 0o755 : 0o644, content };
}

/** Packs files into a tar stream. The same files result in the same bytes. */
export function packContext(files: readonly ContextFile[]): Readable {
  const tar = pack();
  for (const { name, mode, content } of files) tar.entry({ name, mode, mtime: new Date(0) }, content);
  tar.finalize();
  return Readable.from(tar); // dockerode pipes Node's own streams only
}
