// SPDX-License-Identifier: GPL-3.0-or-later
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * Names, versions and licences of the packages that modules belong to, with the texts of the licences.
 * @param modules - paths of files; those outside node_modules are ignored
 * @throws Error if a package states no licence
 */
export async function licensesOf(modules: readonly string[]): Promise<string> {
  const folders = modules
    .map((id) => /^\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0])
    .filter((folder) => folder !== undefined);
  const parts = await Promise.all([...new Set(folders)].sort().map(licenseOf));
  return `This folder contains code of these packages.\n\n${parts.join('\n')}`;
}

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageJson;
  if (license === undefined) throw new Error(`${name} states no licence in its package.json`);
  const files = (await readdir(folder)).filter((file) => /^licen[cs]e|^copying/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const lines = texts.join('\n').trim() || 'The package contains no text of its licence.';
  return `${'-'.repeat(80)}\n${name} ${version}, ${license}\n\n${lines}\n`;
}
