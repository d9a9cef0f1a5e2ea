// SPDX-License-Identifier: GPL-3.0-or-later
// Joins the declarations of what users can import into a few files in dist/types and deletes all others. So the npm package
// declares nothing that users cannot reach, and needs no types of packages that only alpy uses. The types of zod that
// alpy's own are made of become part of them, as its code becomes part of dist/vendor.
import { glob, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

const dist = join(import.meta.dirname, '..', 'dist');
const entries = { index: 'index.d.ts', test: 'runner/test.d.ts', carrot: 'carrot/index.d.ts' };

/** Carrot imports alpy by name, and its declarations are relative to its sources: both lead to files of dist. */
const ofCarrot = {
  name: 'of-carrot',
  resolveId: (id) => {
    if (id === 'alpy') return join(dist, entries.index);
    if (id === 'alpy/test') return join(dist, entries.test);
    return id.startsWith('../dist/') ? join(dist, id.slice('../dist/'.length).replace(/\.js$/, '.d.ts')) : null;
  },
};

/**
 * zod declares variances that tsc finds wrong, behind comments which tsc obeys and this bundle loses. Without them tsc works out
 * the variances itself.
 */
const withoutCastVariance = {
  name: 'without-cast-variance',
  transform: (code) =>
    code.replaceAll(/(?<=\/\*\* @ts-ignore Cast variance \*\/\n).*/g, (line) => line.replaceAll(/\bout (?=\w+ extends)/g, '')),
};

const bundle = await rolldown({
  input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(dist, file)])),
  plugins: [ofCarrot, withoutCastVariance, dts({ dtsInput: true, tsconfig: false })],
  external: (id) => /^[a-z@]/.test(id) && !['alpy', 'alpy/test', 'zod'].includes(id),
});
const files = [];
for await (const name of glob('**/*.d.ts', { cwd: dist })) files.push(name);
await bundle.write({ dir: join(dist, 'types'), format: 'es', chunkFileNames: 'shared-[name].d.ts' });
await Promise.all(files.map((name) => rm(join(dist, name))));
