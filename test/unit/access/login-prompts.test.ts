// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import {
  promptAtEnd,
  defaultPrompts,
  withoutKernelLines,
  type PromptKind,
} from '../../../src/access/serial-shell/login-prompts.ts';

test.each<[string, PromptKind | undefined]>([
  ['guest login: ', 'login'],
  ['Ubuntu 24.04 LTS router ttyS0\r\n\r\nrouter login:', 'login'],
  ['Username: ', 'login'],
  ['Last login: ', undefined],
  ["default password: 'x'\r\nguest login: ", 'login'],
  ["default password: 'x'\r\n", undefined],
  ["default password: 'x'", undefined],
  ['root\r\nPassword: ', 'password'],
  ['[sudo] password for bob: ', 'password'],
  ['Linux\r\n~ # ', 'shell'],
  ['bob@host:~$ ', 'shell'],
  ['host% ', 'shell'],
  ['password: changeme\r\nhost> ', 'shell'],
  ['Loading 50%', undefined],
  ['#####', undefined],
  ['login: is not now\r\n', undefined],
])('%j ends with: %s', (text, kind) => {
  expect(promptAtEnd(text, defaultPrompts)).toBe(kind);
});

test('configured prompts may omit their end, and the one that begins first counts', () => {
  const prompts = { login: 'login', password: /passw/, shell: /[#:] $/ };
  expect(promptAtEnd('guest login: ', prompts)).toBe('login');
  expect(promptAtEnd('Your password: ', prompts)).toBe('password');
  expect(promptAtEnd('guest login: \r\n', prompts)).toBe(undefined);
  expect(promptAtEnd('a.b# ', { ...defaultPrompts, shell: 'a.b#' })).toBe('shell');
  expect(promptAtEnd('axb# ', { ...defaultPrompts, shell: 'a.b# x' })).toBe(undefined);
});

test('lines of the kernel are removed, even from the middle of a prompt', () => {
  const text = 'guest lo[    7.651234] eth0: link up\r\ngin: [   12.000001][    T1] random: crng init done\r\n';
  expect(withoutKernelLines(text)).toBe('guest login: ');
  expect(withoutKernelLines('[  OK  ] Started sshd.\r\n')).toBe('[  OK  ] Started sshd.\r\n');
});
