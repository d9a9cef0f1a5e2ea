// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** A repository that a job checks out. */
export interface BareRepository {
  readonly url: string;
  /** of its only commit, on `main` */
  readonly sha: string;
}

/**
 * Creates a bare repository with one commit.
 * @param folder - absolute path of a folder to create for it and its work tree
 * @param files - contents by path
 */
export async function makeRepository(folder: string, files: Readonly<Record<string, string>>): Promise<BareRepository> {
  const [tree, bare] = [join(folder, 'tree'), join(folder, 'bare.git')];
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }
  const git = async (...args: readonly string[]): Promise<string> => (await execa('git', args, { cwd: tree })).stdout;
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '--message=all');
  await git('clone', '--quiet', '--bare', '.', bare);
  return { url: `file://${bare}`, sha: await git('rev-parse', 'HEAD') };
}
