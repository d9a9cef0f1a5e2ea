// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Maps the names under which users import this package to its files. So a user's folder needs neither package.json nor
 * node_modules, and a configuration never loads a second copy of alpy.
 * @param self - a file in the `config` folder of the sources or of the build, which selects one of the two
 * @returns absolute paths by complete name (`alpy` is not a prefix of `alpy/test`)
 */
export function moduleMap(self: string = import.meta.filename): ReadonlyMap<string, string> {
  const code = dirname(dirname(self)); // src or dist
  const carrot = join(dirname(code), 'carrot', 'index.ts'); // not built, because users read and copy it
  const extension = extname(self);
  return new Map([
    ['alpy', join(code, `index${extension}`)],
    ['alpy/test', join(code, 'runner', `test${extension}`)],
    ['alpy/carrot', carrot],
    ['carrot', carrot],
  ]);
}

let isInstalled = false;

/**
 * Makes `import` and `require` of this thread use {@link moduleMap}, and loads configuration files as ES modules, whatever a
 * package.json near them says. Has an effect once per process.
 */
export function installResolveHooks(): void {
  if (isInstalled) return;
  isInstalled = true;
  const urls = new Map([...moduleMap()].map(([name, file]) => [name, pathToFileURL(file).href]));
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = urls.get(specifier);
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
    load: (url, context, next) => {
      if (url.endsWith('?alpy-config'))
        return next(url, { ...context, format: extname(new URL(url).pathname).endsWith('ts') ? 'module-typescript' : 'module' });
      if (!isInstalledCarrot(url)) return next(url, context);
      return { format: 'module', source: stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8')), shortCircuit: true };
    },
  });
}

/** Whether a file is part of carrot in node_modules, where Node refuses to strip types. */
function isInstalledCarrot(url: string): boolean {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return false;
  const carrot = dirname(moduleMap().get('carrot') ?? '');
  const file = fileURLToPath(url);
  return file.startsWith(join(carrot, sep)) && carrot.split(sep).includes('node_modules');
}
