// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { imageVariable, variableName } from '../../../src/core/variables.ts';

test.each([
  [['accel'], 'ALPY_ACCEL'],
  [['appliance', 'memoryMiB'], 'ALPY_APPLIANCE_MEMORY_MIB'],
  [['appliance', 'login', 'user'], 'ALPY_APPLIANCE_LOGIN_USER'],
  [['images', 'registry'], 'ALPY_REGISTRY'],
  [['images', 'tag'], 'ALPY_IMAGE_TAG'],
  [['images', 'fake-wan'], 'ALPY_IMAGE_FAKE_WAN'],
])('the variable for %j is %s', (path, name) => {
  expect(variableName(path)).toBe(name);
});

test('the variable for an image is the same for kebab-case and camelCase names', () => {
  expect(['qemu', 'fake-wan', 'fakeWan'].map((name) => imageVariable(name))).toEqual([
    'ALPY_IMAGE_QEMU',
    'ALPY_IMAGE_FAKE_WAN',
    'ALPY_IMAGE_FAKE_WAN',
  ]);
});
