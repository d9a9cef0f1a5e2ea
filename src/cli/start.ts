// SPDX-License-Identifier: GPL-3.0-or-later
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { codeOf, statusByFault } from '../core/errors.ts';
import { cacheDirectory } from './cache.ts';

// Keep what Node compiles for the next start and for the workers of a run. If that fails, alpy only starts more slowly.
const folder = join(cacheDirectory(process.env), 'node');
if (enableCompileCache(folder).directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= folder;

// The reader of our output may exit early, as in `alpy doctor | head -4`. Then clean up and print nothing.
const unread = new AbortController();
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error;
    if (stream === process.stdout) unread.abort();
  });

const { main } = await import('./main.ts');
const status = await main(process.argv.slice(2), unread.signal);

// Vitest sets an exit status of its own, after a stopped run perhaps only now, while it ends its workers. A crash stays one.
let crashStatus = 0;
process.on('uncaughtExceptionMonitor', () => {
  crashStatus = statusByFault.bug;
});
process.on('exit', () => {
  process.exitCode = status || crashStatus;
});

// Everything is done and reported. A connection that does not answer must not keep the process alive.
setTimeout(() => process.exit(), 3000).unref();
