// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { outsideReports } from '../../../src/runner/outside-errors.ts';

const message = (fields: object): string | undefined => outsideReports({ message: 'm', ...fields }, '/u')[0]?.message;

test('an error outside any test names the tests that were running', () => {
  expect(message({ alpyNotes: { tests: ['a.test.ts > x', 'b.test.ts > y'] } })).toBe(
    'm\n(while a.test.ts > x, b.test.ts > y ran)',
  );
  expect(message({ alpyNotes: { tests: ['1', '2', '3', '4', '5', '6', '7'] } })).toBe(
    'm\n(while 1, 2, 3, 4, 5 and 2 more tests ran)',
  );
  expect(message({ VITEST_TEST_NAME: 'x', VITEST_TEST_PATH: '/u/tests/a.test.ts' })).toBe('m\n(while tests/a.test.ts > x ran)');
  expect(message({ alpyNotes: { endedTest: 'a.test.ts > x' } })).toBe('m\n(from a.test.ts > x, which had ended)');
  expect(message({ alpyNotes: { tests: [] } })).toBe('m');
  expect(message({})).toBe('m');
});

test('an exception that has become the error of its test is not reported again', () => {
  expect(outsideReports({ message: 'm', ...{ alpyNotes: { isOfTest: true } } }, '/u')).toEqual([]);
});
