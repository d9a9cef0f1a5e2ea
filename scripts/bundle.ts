// SPDX-License-Identifier: GPL-3.0-or-later
// Copies the packages that package.json lists under "bundled" into dist/vendor and makes the files of dist import them from there.
// Installed as ordinary dependencies they would bring 120 packages, of which alpy uses little, and three install scripts; zod
// alone has 8 MB, of which alpy uses 0.2.
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'rolldown';
import { minify } from 'rolldown/utils';
import { licensesOf } from './bundle-licenses.ts';

const repository = join(import.meta.dirname, '..');
const dist = join(repository, 'dist');
const { bundled } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
  readonly bundled: readonly string[];
};

// src/docker/dockerode.ts delays loading packages of the client; the bundle has stand-ins for them instead
await writeFile(join(dist, 'docker/dockerode.js'), "import Docker from 'dockerode';\nexport { Docker };\n");

/** Modules of the Docker client that alpy does without: BuildKit's gRPC, which is not used, and SSH, which few people use. */
const standIns: Readonly<Record<string, string>> = {
  '@grpc/grpc-js': 'module.exports = {};',
  '@grpc/proto-loader': 'module.exports = {};',
  protobufjs: 'module.exports = {};',
  ssh2: `
    import { createRequire } from 'node:module';
    export class Client {
      constructor() {
        try {
          return new (createRequire(import.meta.url)('ssh2').Client)();
        } catch (cause) {
          if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
          throw new Error('a daemon at ssh:// needs the package ssh2. Install it beside alpy: npm install ssh2', { cause });
        }
      }
    }`,
};

const withStandIns: Plugin = {
  name: 'stand-ins',
  resolveId: (id) => (id in standIns ? `\0${id}` : null),
  load: (id) => (id.startsWith('\0') ? standIns[id.slice(1)] : null),
};

/** The files of dist that import one of the packages, by their path in dist without extension. */
async function importers(): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const name of glob('**/*.js', { cwd: dist })) {
    const text = await readFile(join(dist, name), 'utf8');
    if (bundled.some((id) => text.includes(`from '${id}'`) || text.includes(`import('${id}')`)))
      found[name.slice(0, -'.js'.length)] = join(dist, name);
  }
  return found;
}

const isOwn = (importer: string | undefined): boolean => importer?.startsWith(`${dist}/`) === true;

const packageOf = (id: string): string | null => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? null;

const { output } = await build({
  input: await importers(),
  platform: 'node',
  resolve: { mainFields: ['module', 'main'] }, // the other build of junit-report-builder hides whose code it contains
  plugins: [withStandIns],
  external: (id, importer, isResolved) => !isResolved && isOwn(importer) && !bundled.includes(id),
  output: {
    dir: dist,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: 'vendor/[name].js',
    codeSplitting: { groups: [{ debugName: 'packages', test: /\/node_modules\//, name: packageOf }] },
  },
});

// Others' comments and indentation are half of their packages. Names stay, for stacks.
for (const chunk of output) {
  if (!chunk.fileName.startsWith('vendor/') || chunk.type !== 'chunk') continue;
  const options = { module: true, compress: false, mangle: false, codegen: { removeWhitespace: true } };
  const { code, errors } = await minify(chunk.fileName, chunk.code, options);
  if (errors.length > 0) throw new Error(`cannot shorten ${chunk.fileName}: ${errors[0]?.message}`);
  await writeFile(join(dist, chunk.fileName), code);
}

await mkdir(join(dist, 'vendor'), { recursive: true });
const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
await writeFile(join(dist, 'vendor/LICENSES.txt'), await licensesOf(modules));
