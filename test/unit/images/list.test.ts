// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { formatImages, imagesJson, type ImageRow } from '../../../src/images/index.ts';

const created = Date.parse('2026-11-20T00:00:00Z');
const rows: readonly ImageRow[] = [
  {
    name: 'qemu',
    reference: 'reg.example/alpy/qemu:latest',
    origin: 'variable ALPY_REGISTRY',
    buildable: true,
    present: {
      id: `sha256:${'0123456789abcdef'.repeat(4)}`,
      createdMs: created,
      sizeBytes: 462_345_678,
      volumes: [],
      hash: undefined,
    },
  },
  { name: 'node', reference: 'alpy/node:latest', origin: 'default', buildable: true },
];

test('images as a table', () => {
  expect(formatImages(rows, created + 3 * 3_600_000).split('\n')).toEqual([
    'NAME  LOCATION                      FROM                    STATE',
    'qemu  reg.example/alpy/qemu:latest  variable ALPY_REGISTRY  0123456789ab, 3 h old, 462 MB',
    'node  alpy/node:latest              default                 missing',
  ]);
});

test.for([
  [-5, '0 min'],
  [119, '119 min'],
  [120, '2 h'],
  [48 * 60, '2 days'],
] as const)('an image of %d minutes is %s old', ([minutes, text]) => {
  expect(formatImages(rows.slice(0, 1), created + minutes * 60_000)).toContain(`, ${text} old, `);
});

test('images as JSON', () => {
  expect(JSON.parse(imagesJson(rows))).toEqual([
    {
      name: 'qemu',
      location: 'reg.example/alpy/qemu:latest',
      from: 'variable ALPY_REGISTRY',
      state: 'present',
      id: `sha256:${'0123456789abcdef'.repeat(4)}`,
      created: '2026-11-20T00:00:00.000Z',
      sizeBytes: 462_345_678,
    },
    { name: 'node', location: 'alpy/node:latest', from: 'default', state: 'missing' },
  ]);
});

test('an image without a time of creation is listed', () => {
  const [row] = rows;
  const timeless = [{ ...row, present: { ...row?.present, createdMs: NaN } }] as readonly ImageRow[];
  expect(formatImages(timeless, created)).toContain('0123456789ab, built at an unknown time, 462 MB');
  expect(JSON.parse(imagesJson(timeless))).toMatchObject([{ created: 'unknown' }]);
});
