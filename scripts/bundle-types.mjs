// SPDX-License-Identifier: GPL-3.0-or-later
// Joins the declarations of what users can import into a few files in dist/types and deletes all others. So the npm package
// declares nothing that users cannot reach, and needs no types of packages that only alpy uses.
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

const bundle = await rolldown({
  input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(dist, file)])),
  plugins: [ofCarrot, dts({ dtsInput: true, tsconfig: false })],
  external: (id) => /^[a-z@]/.test(id) && id !== 'alpy' && id !== 'alpy/test',
});
const files = [];
for await (const name of glob('**/*.d.ts', { cwd: dist })) files.push(name);
await bundle.write({ dir: join(dist, 'types'), format: 'es', chunkFileNames: 'shared-[name].d.ts' });
await Promise.all(files.map((name) => rm(join(dist, name))));
