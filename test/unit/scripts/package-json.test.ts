// SPDX-License-Identifier: GPL-3.0-or-later
import { glob, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../../..');

/** Packages that the sources load, without those of which they only use types. */
async function loadedPackages(): Promise<readonly string[]> {
  const found = new Set<string>();
  for await (const name of glob('src/**/*.ts', { cwd: repository })) {
    const text = await readFile(join(repository, name), 'utf8');
    const loads = /^(?:import|export) (?!type )[^;]*?from '([^'.]+)'|\bimport\('([^'.]+)'\)/gm;
    for (const [, fixed, late] of text.matchAll(loads)) found.add(fixed ?? late ?? '');
  }
  const names = [...found].filter((id) => !id.startsWith('node:') && id !== 'alpy/test'); // the test that alpy init writes
  return [...new Set(names.map((id) => /^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? id))].sort();
}

test('every package that the sources load is a dependency or bundled, and the bundled ones are not dependencies', async () => {
  const { bundled, dependencies } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
    readonly bundled: readonly string[];
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const packages = await loadedPackages();
  expect(packages).toContain('vitest');
  expect(packages.filter((name) => !(name in dependencies) && !bundled.includes(name))).toEqual([]);
  expect(bundled.filter((name) => name in dependencies)).toEqual([]);
});
