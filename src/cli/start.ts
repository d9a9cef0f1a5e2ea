// SPDX-License-Identifier: GPL-3.0-or-later
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheDirectory } from './cache.ts';

// what Node compiles is kept, for the next start and for the workers of a run; where it cannot be, nothing is lost but time
const folder = join(cacheDirectory(process.env), 'node');
if (enableCompileCache(folder).directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= folder;

const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
