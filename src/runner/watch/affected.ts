// SPDX-License-Identifier: GPL-3.0-or-later
import type { Vitest } from 'vitest/node';

/** The files of the user that Vitest has loaded: tests and what they import, without packages. */
export function loadedFiles(vitest: Vitest): readonly string[] {
  return graphsOf(vitest)
    .flatMap(({ fileToModulesMap }) => [...fileToModulesMap.keys()])
    .filter((file) => file.startsWith('/') && !file.includes('/node_modules/'));
}

/**
 * Makes Vitest load changed files again.
 * @returns the changed files, and all files that import them
 */
export function affectedFiles(vitest: Vitest, changed: Iterable<string>): ReadonlySet<string> {
  const affected = new Set(changed);
  for (const file of affected) {
    vitest.invalidateFile(file);
    for (const graph of graphsOf(vitest))
      for (const module of graph.getModulesByFile(file) ?? [])
        for (const importer of module.importers) if (importer.file !== null) affected.add(importer.file); // the loop reaches it, too
  }
  return affected;
}

function graphsOf(vitest: Vitest): readonly ModuleGraph[] {
  return vitest.projects.flatMap(({ vite }) => Object.values(vite.environments).map(({ moduleGraph }) => moduleGraph));
}

type ModuleGraph = Vitest['vite']['environments'][string]['moduleGraph'];
