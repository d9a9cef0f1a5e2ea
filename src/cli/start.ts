// SPDX-License-Identifier: GPL-3.0-or-later
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import { cacheDirectory } from './cache.ts';

// what Node compiles is kept, for the next start and for the workers of a run; where it cannot be, nothing is lost but time
const folder = join(cacheDirectory(process.env), 'node');
if (enableCompileCache(folder).directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= folder;

// Whoever reads our output may stop, as `alpy doctor | head -4` does. Then nobody wants the rest: clean up, without a word.
const unread = new AbortController();
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error;
    if (stream === process.stdout) unread.abort();
  });

const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2), unread.signal);

// All is done and reported. A connection to something that does not answer must not keep the process alive.
setTimeout(() => process.exit(), 3000).unref();
