// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '..', '..', '..', 'src');
const runner = join(src, 'runner');

/** Packages that a file loads besides Vitest, in the order of their names. */
async function packagesLoadedBy(file: string): Promise<readonly string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const packages = new Set();
    registerHooks({
      resolve: (name, context, next) =>
        name === 'vitest' ? { url: 'data:text/javascript,export const inject = undefined', shortCircuit: true } : next(name, context),
      load: (url, context, next) => {
        const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url)?.[1];
        if (name !== undefined) packages.add(name);
        return next(url, context);
      },
    });
    await import(${JSON.stringify(file)}).catch(() => undefined); // what it does needs a run; it is loaded by then
    console.log(JSON.stringify([...packages].sort()));`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
  return JSON.parse(stdout) as readonly string[];
}

// every test file has a worker of its own, and what it reads costs more than what it does
const costly = ['yaml', 'execa', 'junit-report-builder', '@grpc/grpc-js', 'protobufjs', 'ssh2', 'yargs', 'vite'];

test('a worker does not load packages that only the main process needs', async () => {
  const loaded = await packagesLoadedBy(join(runner, 'make-testbed.ts'));
  expect(loaded).toContain('dockerode');
  expect(loaded.filter((name) => costly.includes(name))).toEqual([]);
});

test('a worker loads zod while the daemon already creates its first container', async () => {
  const loaded = await packagesLoadedBy(join(runner, 'warm-up.ts'));
  expect(loaded).toContain('dockerode');
  expect(loaded.filter((name) => [...costly, 'zod'].includes(name))).toEqual([]);
});

test('the main process loads Vitest while containers already inspect the machine', async () => {
  const loaded = await packagesLoadedBy(join(src, 'cli', 'run', 'handler.ts'));
  expect(loaded).toContain('dockerode');
  expect(loaded.filter((name) => ['vitest', 'vite', 'rolldown'].includes(name))).toEqual([]);
});
