// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { describeOutput, fullMessageOf, outputDetail } from '../../../src/core/error-details.ts';
import { DeviceError, EnvironmentError } from '../../../src/core/errors.ts';

test('outputDetail keeps the last 20 lines without escape codes and blank lines around them', () => {
  const output = `\n${Array.from({ length: 30 }, (_, index) => `\u001b[32mline ${index}\u001b[0m \r\n`).join('')}\n\n`;
  const [detail] = outputDetail('Output', output);
  expect([detail?.title, detail?.lines.length, detail?.lines[0], detail?.lines.at(-1)]).toEqual([
    'Output',
    20,
    'line 10',
    'line 29',
  ]);
  expect(outputDetail('Output', ' \r\n\u001b[0m\n')).toEqual([]);
});

test('describeOutput puts the last line with text into the message, and more lines into a detail', () => {
  expect(describeOutput('Output', 'one\n two \r\n\n')).toEqual({
    ending: ': two',
    details: [{ title: 'Output', lines: ['one', ' two'] }],
  });
  expect(describeOutput('Output', 'one\n')).toEqual({ ending: ': one', details: [] });
  expect(describeOutput('Output', '\n')).toEqual({ ending: ', and it printed nothing', details: [] });
  const long = 'x'.repeat(1000);
  expect(describeOutput('Output', long)).toEqual({
    ending: `: ${'x'.repeat(300)}…`,
    details: [{ title: 'Output', lines: [long] }],
  });
});

test('an error takes over the details of its cause, unless it has its own', () => {
  const cause = new DeviceError('c', { details: [{ title: 'of the cause', lines: [] }] });
  expect(new EnvironmentError('e', { cause }).details).toBe(cause.details);
  const own = [{ title: 'own', lines: [] }];
  expect(new EnvironmentError('e', { cause, details: own }).details).toBe(own);
  expect(new EnvironmentError('e', { details: [] }).details).toBeUndefined();
});

test('fullMessageOf shows the details below the message, for each of several errors', () => {
  const one = new DeviceError('one', { details: [{ title: 'Output', lines: ['a', 'b'] }] });
  expect(fullMessageOf(new AggregateError([one, new Error('two')]))).toBe('one\nOutput:\n  a\n  b\ntwo');
});
