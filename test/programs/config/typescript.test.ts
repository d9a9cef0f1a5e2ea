// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const config = join(import.meta.dirname, '../../../src/config');

// Vitest replaces import(), so a separate process shows the behaviour of Node.
const script = `
const [config, ...files] = process.argv.slice(1);
const { loadConfig, moduleMap } = await import(config + '/index.ts');
const { registerHooks } = await import('node:module');
// stands for src/index.ts, which does more than a configuration needs
const { pathToFileURL } = await import('node:url');
const url = pathToFileURL(moduleMap().get('alpy')).href;
const source = 'export { defineConfig } from ' + JSON.stringify(config + '/schema.ts');
registerHooks({ load: (at, context, next) => at === url ? { format: 'module', source, shortCircuit: true } : next(at, context) });
const results = {};
for (const file of files) {
  try {
    results[file] = (await loadConfig({ directory: '.', file })).config.devices[0].appliance.image;
  } catch (error) {
    results[file] = error.message;
  }
}
console.log(JSON.stringify(results));
`;

test('a TypeScript file needs no package.json or node_modules, and its errors have their line', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-config-'));
  const head = "import { defineConfig } from 'alpy';\nimport { image } from './image.ts';\n";
  const good = `${head}const options: { image: string } = { image };\nexport default defineConfig({ appliance: options });\n`;
  const files: Readonly<Record<string, string>> = {
    'plain/alpy.config.ts': good,
    'plain/image.ts': "export const image: string = 'disk.qcow2';\n",
    'commonjs/alpy.config.ts': good,
    'commonjs/image.ts': "exports.image = 'disk.qcow2';\n",
    'commonjs/package.json': '{ "type": "commonjs" }',
    'throws.ts': "const a: number = 1;\n\nthrow new Error('no ' + String(a));\n",
    'syntax.ts': '\nexport default {;\n',
    'none.ts': 'export const a = 1;\n',
    'missing.ts': "import 'alpi';\n",
    'wrong.ts': 'export default { appliance: { imag: 1 } };\n',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(made.path, name, '..'), { recursive: true });
    await writeFile(join(made.path, name), text);
  }
  const names = Object.keys(files).filter((name) => !name.includes('/') || name.endsWith('config.ts'));
  const args = ['--input-type=module', '--eval', script, pathToFileURL(config).href, ...names];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: made.path });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    'plain/alpy.config.ts': join(made.path, 'plain/disk.qcow2'),
    'commonjs/alpy.config.ts': join(made.path, 'commonjs/disk.qcow2'),
    'throws.ts': `${made.path}/throws.ts:\n  line 3: no 1`,
    'syntax.ts': `${made.path}/syntax.ts:\n  line 2: Unexpected token \`;\`. Expected identifier, string literal, numeric literal or [ for the computed key`,
    'none.ts': `${made.path}/none.ts:\n  expected a default export, got none. Write export default defineConfig({ … });`,
    'missing.ts': `${made.path}/missing.ts:\n  Cannot find package 'alpi' imported from ${made.path}/missing.ts`,
    'wrong.ts': `${made.path}/wrong.ts:\n  appliance.imag: unknown key. Did you mean image?\n  appliance.image: expected a disk image, or another key that boots the machine, such as cdroms or kernel, got nothing`,
  });
});
