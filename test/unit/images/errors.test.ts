// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ImageBuildError, MissingImageError } from '../../../src/images/index.ts';

const image = { name: 'qemu', reference: 'alpy/qemu:latest', origin: 'default', buildable: true };

test.for([
  {
    of: image,
    text: [
      'the Docker daemon has no image alpy/qemu:latest (image qemu, location from default)',
      "  try: alpy images build qemu (in alpy's own repository: npm run setup)",
    ],
  },
  {
    of: { ...image, reference: 'reg.example/qemu:1', origin: 'variable ALPY_IMAGE_QEMU' },
    text: [
      'the Docker daemon has no image reg.example/qemu:1 (image qemu, location from variable ALPY_IMAGE_QEMU)',
      '  try: docker pull reg.example/qemu:1; or, to build it here under this name: alpy images build qemu; or correct variable ALPY_IMAGE_QEMU',
    ],
  },
  {
    of: { name: 'wan', reference: 'wan:1', origin: 'config images.wan', buildable: false },
    reason: 'could not pull wan:1: no such host',
    text: [
      'the Docker daemon has no image wan:1 (image wan, location from config images.wan)',
      '  could not pull wan:1: no such host',
      '  try: docker pull wan:1, or correct config images.wan',
    ],
  },
])('a missing $of.reference: the error says how to fix it', ({ of, reason, text }) => {
  const error = new MissingImageError(of, reason);
  expect(error.message.split('\n')).toEqual(text);
  expect(error).toMatchObject({ name: 'MissingImageError', code: 'ALPY_IMAGE_MISSING', fault: 'environment' });
});

test('a failed build: the error has the step, the last output and what to try', () => {
  const failure = {
    image: 'qemu',
    reference: 'alpy/qemu:latest',
    step: '3/4 : RUN false',
    reason: 'returned 1',
    lastLines: ['a', 'b'],
    next: 'docker build .',
  };
  const error = new ImageBuildError(failure);
  expect(error.message.split('\n')).toEqual([
    'could not build image qemu (alpy/qemu:latest): returned 1',
    '  step: 3/4 : RUN false',
    '  last output:',
    '    a',
    '    b',
    '  try: docker build .',
  ]);
  expect(error).toMatchObject({ code: 'ALPY_IMAGE_BUILD', fault: 'environment', failure });
});
