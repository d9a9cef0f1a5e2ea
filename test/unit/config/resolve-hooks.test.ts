// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { moduleMap } from '../../../src/config/resolve-hooks.ts';

test('run from source, names are mapped to the sources', () => {
  expect([...moduleMap('/alpy/src/config/resolve-hooks.ts')]).toEqual([
    ['alpy', '/alpy/src/index.ts'],
    ['alpy/test', '/alpy/src/runner/test.ts'],
    ['alpy/carrot', '/alpy/carrot/index.ts'],
    ['carrot', '/alpy/carrot/index.ts'],
  ]);
});

test('run from the build, names are mapped to the build', () => {
  expect([...moduleMap('/x/node_modules/alpy/dist/config/resolve-hooks.js')]).toEqual([
    ['alpy', '/x/node_modules/alpy/dist/index.js'],
    ['alpy/test', '/x/node_modules/alpy/dist/runner/test.js'],
    ['alpy/carrot', '/x/node_modules/alpy/dist/carrot/index.js'],
    ['carrot', '/x/node_modules/alpy/dist/carrot/index.js'],
  ]);
});
