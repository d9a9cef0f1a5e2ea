// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestCase } from 'vitest/node';
import { expect, test } from 'vitest';
import type { ErrorReport } from '../../../src/report/index.ts';
import { placedAtTest } from '../../../src/runner/outcome.ts';

const testCase = { module: { moduleId: '/project/tests/a.test.ts' }, location: { line: 7, column: 3 } } as TestCase;

test('an error without a place has that of its test, unless it follows from another error', () => {
  const place = { file: 'lib/x.ts', line: 1, column: 1 };
  const places = (error: Partial<ErrorReport>, ofTest = testCase): unknown =>
    placedAtTest({ message: 'm', ...error }, ofTest, '/project').place;
  expect(places({})).toEqual({ file: 'tests/a.test.ts', line: 7, column: 3 });
  expect(places({ place })).toEqual(place);
  expect(places({ isConsequence: true })).toBeUndefined();
  expect(places({}, { module: testCase.module } as TestCase)).toBeUndefined();
});
