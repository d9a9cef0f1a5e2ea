// SPDX-License-Identifier: GPL-3.0-or-later
import { registerHooks } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Maps the names under which users import this package to its files. So a user's folder needs neither package.json nor
 * node_modules, and a configuration never loads a second copy of alpy.
 * @param self - a file in the `config` folder of the sources or of the build, which selects one of the two
 * @returns absolute paths by complete name (`alpy` is not a prefix of `alpy/test`)
 */
export function moduleMap(self: string = import.meta.filename): ReadonlyMap<string, string> {
  const code = dirname(dirname(self)); // src or dist
  const extension = extname(self);
  const carrot = join(extension === '.ts' ? dirname(code) : code, 'carrot', `index${extension}`);
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
      if (!url.endsWith('?alpy-config')) return next(url, context);
      return next(url, { ...context, format: extname(new URL(url).pathname).endsWith('ts') ? 'module-typescript' : 'module' });
    },
  });
}
