// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { withoutSecrets } from '../../../src/config/secret-keys.ts';

/** What is wrong with an appliance whose log-in has these keys. */
function problems(login: object, more: object = {}): readonly string[] {
  try {
    const raw = { appliance: { image: 'disk.qcow2', login: { user: 'admin', ...login }, ...more } };
    resolveConfig({ file: '/project/alpy.yaml', raw, directory: '/project' });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const step = { expect: 'Enter an option: ', send: '8' };

test.each<[string, object, string]>([
  [
    'an invalid regular expression',
    { steps: [{ ...step, expect: '/option(/' }] },
    'appliance.login.steps.0.expect: expected text or a valid /regular expression/, got "/option(/"',
  ],
  ['a step without an answer', { steps: [{ expect: 'x' }] }, 'appliance.login.steps.0.send: expected text, got nothing'],
  [
    'a number that may be a password',
    { steps: [step, { expect: 'PIN: ', send: 1234 }] },
    'appliance.login.steps.1.send: expected text, got the number (put it in quotes to make it text)',
  ],
  ['no time', { steps: [{ ...step, times: 0 }] }, 'appliance.login.steps.0.times: expected 1 or more, got the number 0'],
  [
    'an unknown key',
    { steps: [{ ...step, answer: 'x' }] },
    'appliance.login.steps.0.answer: unknown key. Expected one of expect, send, enter, secret, optional, times',
  ],
  [
    'a step instead of a list',
    { steps: step },
    'appliance.login.steps: expected a list, got an object. Write it as a list: [VALUE]',
  ],
  [
    'a new password that is a number',
    { newPassword: 12345678 },
    'appliance.login.newPassword: expected text, got the number (put it in quotes to make it text)',
  ],
  ['another kind of shell', { shell: 'cisco' }, 'appliance.login.shell: expected one of posix, none, got "cisco"'],
])('%s: refused, with what to do', (_, login, message) => {
  expect(problems(login)).toEqual([message]);
});

test('without a shell, keys that need one are refused', () => {
  const more = { provision: ['true'], rebootCommand: 'reload', clockCommand: '' };
  expect(problems({ shell: 'none', shellCommand: 'sh' }, more)).toEqual(
    ['login.shellCommand', 'provision', 'rebootCommand'].map(
      (key) => `appliance.${key}: expected a shell, got appliance.login.shell: none. Remove one of the two`,
    ),
  );
  expect(problems({ shell: 'none', steps: [step] })).toEqual([]);
});

test('`alpy config` hides secret answers and passwords, and shows other answers', () => {
  expect(withoutSecrets('newPassword', 'x')).toBe('(hidden)');
  expect(withoutSecrets('steps', [step, { expect: 'Key: ', send: 'x', secret: true }])).toEqual([
    step,
    { expect: 'Key: ', send: '(hidden)', secret: true },
  ]);
});
