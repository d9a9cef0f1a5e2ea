// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolverText } from '../../../src/network/resolver.ts';

test('a resolver becomes the text of /etc/resolv.conf', () => {
  expect(resolverText({ servers: '10.0.0.1' })).toBe('nameserver 10.0.0.1\n');
  expect(resolverText({ servers: ['10.0.0.1', 'fd00::1'], search: ['lab.example', 'example'] })).toBe(
    'nameserver 10.0.0.1\nnameserver fd00::1\nsearch lab.example example\n',
  );
});
