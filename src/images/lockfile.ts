// SPDX-License-Identifier: GPL-3.0-or-later

/** What npm's lock file says of an installed package, as far as it is used here. */
interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The part of package-lock.json that is used here: packages by folder, `''` for the project itself. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/**
 * The folders of the packages that a project needs at run time: its dependencies, the packages of `names`, and what these need.
 * Optional peers are not among them. Pure.
 */
export function runTimeFolders({ packages }: Lockfile, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const name of [...Object.keys(packages['']?.dependencies ?? {}), ...names]) add('', name);
  return [...found];

  function add(from: string, name: string): void {
    const folder = resolve(from, name);
    if (folder === undefined || found.has(folder)) return;
    found.add(folder);
    for (const needed of needs(packages[folder] ?? {})) add(folder, needed);
  }

  /** As Node does: the nearest node_modules, from the inside to the outside. */
  function resolve(from: string, name: string): string | undefined {
    const folder = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
    if (folder in packages) return folder;
    if (from === '') return undefined;
    const outer = from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1));
    return resolve(outer, name);
  }
}

function needs(entry: LockedPackage): readonly string[] {
  const peers = Object.keys(entry.peerDependencies ?? {}).filter((name) => entry.peerDependenciesMeta?.[name]?.optional !== true);
  return [...Object.keys(entry.dependencies ?? {}), ...Object.keys(entry.optionalDependencies ?? {}), ...peers];
}
