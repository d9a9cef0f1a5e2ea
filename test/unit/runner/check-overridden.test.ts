// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test as vitestTest } from 'vitest';
import { checkOverridden } from '../../../src/runner/check-overridden.ts';

const base = vitestTest.extend('topology', () => ({ links: 2 }));
checkOverridden(base, ['topology']);
const extended = base.extend('speed', 10 as number);

vitestTest.each([
  [
    base,
    { toplogy: { links: 1 } },
    'test.override: unknown option "toplogy": did you mean "topology"? Expected one of: topology',
  ],
  [extended, { sped: 1 }, 'test.override: unknown option "sped": did you mean "speed"? Expected one of: topology, speed'],
])('an override of a fixture that does not exist is refused %#', (test, wrong, message) => {
  expect(() => {
    (test as unknown as { override: (fixtures: object) => void }).override(wrong);
  }).toThrow(message);
});

vitestTest('so is one that is given by name', () => {
  expect(() => base.override('link' as 'topology', { links: 1 })).toThrow(
    expect.objectContaining({ code: 'ALPY_USAGE' }) as Error,
  );
});

describe('a correct override', () => {
  extended.override('topology', { links: 1 });
  extended.override({ speed: 100 });
  extended('still holds', ({ topology, speed }) => {
    expect({ topology, speed }).toEqual({ topology: { links: 1 }, speed: 100 });
  });
});
