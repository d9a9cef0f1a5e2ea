// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { makeRedactor, secretsOf } from '../../../src/core/redact.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('every occurrence of every secret is masked, and overlapping ones get one mask', () => {
  const redact = makeRedactor(['abcdefgh', 'abcdefghijkl', 'ijklmnop', 'a.c+e(g)']);
  expect(redact('abcdefgh, abcdefghijkl; abcdefghabcdefgh')).toBe('[MASKED], [MASKED]; [MASKED][MASKED]');
  expect(redact('<abcdefghijklmnop> a.c+e(g) axc+e(g)')).toBe('<[MASKED]> [MASKED] axc+e(g)');
  expect(redact('')).toBe('');
});

test('short or missing secrets change nothing', () => {
  expect(makeRedactor(['', 'a', 'seven77', '        '])('a seven77         b')).toBe('a seven77         b');
  expect(makeRedactor([])('abcdefgh')).toBe('abcdefgh');
});

const secret = 'p@ss wörd/?"+~';

test.each([
  ['as it is', secret],
  ['URL-encoded', encodeURIComponent(secret)],
  ['URL-encoded in lower case', encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase())],
  ['encoded like a form', encodeURIComponent(secret).replaceAll('%20', '+')],
  ['in JSON', JSON.stringify(secret).slice(1, -1)],
  ['base64', base64(secret)],
  ['base64 without padding', base64(secret).replaceAll('=', '')],
  ['base64 for URLs', Buffer.from(secret).toString('base64url')],
])('a secret is masked %s', (_, form) => {
  expect(makeRedactor([secret])(`x ${form} y`)).toBe('x [MASKED] y');
});

test.each(['', 'u', 'u:', 'user:'])('a secret is masked inside the base64 of a longer text that begins with "%s"', (before) => {
  const text = makeRedactor(['s3cr3t-token'])(base64(`${before}s3cr3t-token and more`));
  expect(text).toContain('[MASKED]');
  expect(Buffer.from(text.replace('[MASKED]', ''), 'base64').toString('latin1')).not.toMatch(/cr3t|tok/);
});

test('each line of a secret with several lines is masked', () => {
  const redact = makeRedactor(['line one\r\nline two\nend\n']);
  expect(redact('line one\nline two\nend')).toBe('[MASKED]\n[MASKED]\nend');
});

test('secretsOf finds secrets by the names of variables', () => {
  const env = {
    CI_JOB_TOKEN: 'glcbt-job-token',
    CI_JOB_JWT_V2: 'eyJhbGciOi.jwt',
    CI_REGISTRY_PASSWORD: 'glcbt-job-token',
    CI_REPOSITORY_URL: 'https://gitlab-ci-token:p%40ssword1@gitlab.example/g/p.git',
    ALPY_GITLAB_TOKEN: 'glpat-1234',
    ALPY_APPLIANCE_LOGIN_PASSWORD: 'rabbit-rabbit',
    my_api_key: ' key-in-spaces\n',
    AWS_CREDENTIALS: '{"a": "json"}',
    LONG_TOKEN: '123456789012',
    PIN_TOKEN: '12345678901',
    USE_TOKEN: 'true',
    OPT_TOKEN: 'Disabled',
    SHORT_SECRET: 'seven77',
    SSH_PRIVATE_KEY: '/builds/p.tmp/SSH_PRIVATE_KEY',
    OTHER_SECRET: '/not/a/file',
    MISSING_TOKEN: undefined,
    TOKEN_NAME: 'not a secret',
    CI_PROJECT_URL: 'https://gitlab.example/g/p',
  };
  expect(secretsOf(env, (path) => path.startsWith('/builds/'))).toEqual([
    'glcbt-job-token',
    'eyJhbGciOi.jwt',
    'glpat-1234',
    'rabbit-rabbit',
    'key-in-spaces',
    '{"a": "json"}',
    '123456789012',
    '/not/a/file',
    'p%40ssword1',
    'p@ssword1',
  ]);
});

test.each(['', 'no URL', 'https://gitlab.example/g/p.git', 'https://user@gitlab.example'])(
  'secretsOf finds no password in the URL "%s"',
  (url) => {
    expect(secretsOf({ CI_REPOSITORY_URL: url })).toEqual([]);
  },
);

test('secretsOf finds a password in a URL that cannot be decoded, and leaves out the path of a file', () => {
  expect(secretsOf({ CI_REPOSITORY_URL: 'https://u:100%pass%word@h/p' })).toEqual(['100%pass%word']);
  expect(secretsOf({ KEY_TOKEN: import.meta.filename })).toEqual([]);
});
