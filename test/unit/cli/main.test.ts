// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, onTestFinished, test, vi } from 'vitest';
import { cacheDirectory } from '../../../src/cli/cache.ts';
import { main } from '../../../src/cli/main.ts';
import { harmful } from '../../support/hostile.ts';

async function runMain(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const keep = (name: 'stdout' | 'stderr') => (chunk: string | Uint8Array) => {
    written[name] += chunk.toString();
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(keep('stdout')),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep('stderr')),
  ];
  try {
    return { status: await main(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test.each([
  [[], 'expected a command, got none. See alpy --help'],
  [['fly'], 'unknown command fly. See alpy --help'],
  [['rum'], 'unknown command rum: did you mean run? See alpy --help'],
  [['executor', 'instal'], 'unknown command instal: did you mean install? See alpy executor --help'],
  [['doctor', 'extra'], 'unexpected argument extra. See alpy doctor --help'],
  [['run', '--nope'], 'unknown option --nope. See alpy run --help'],
  [['report', 'merge', 'x', '--oot=3'], 'unknown option --oot: did you mean --out? See alpy report --help'],
  [['run', '--accel', 'warp'], '--accel: expected one of auto, kvm, tcg, got "warp".'],
  [['images', 'pul'], 'action: expected one of list, build, pull, push, got "pul": did you mean pull?'],
  [['completion', 'tcsh'], 'alpy completion: expected one of bash, zsh, fish, got tcsh'],
  [['run', '--config', '/nowhere/alpy.yaml'], '/nowhere/alpy.yaml'],
  [['run', '--workers', 'x'], '--workers: expected a whole number of at least 1, got "x"'],
  [['run', '--retries', '-1'], '--retries: expected a whole number of at least 0, got "-1"'],
  [['run', '--bail', 'tests/a.test.ts'], '--bail: expected a whole number of at least 1, got "tests/a.test.ts"'],
  [
    ['run', '--shuffle', 'abc'],
    '--shuffle: expected a whole number of at least 0, got "abc". Put the names of test files before --shuffle',
  ],
  [['run', '--shuffle', '1', '--shuffle', '2'], '--shuffle: expected one value, got 2: 1, 2'],
  [['run', '--timeout', '3 days'], '--timeout: expected a time such as 30s, 500ms or 2m, got "3 days"'],
  [['run', '-t', 'a', '--test-name', 'b'], '--grep: expected one value, got 2: a, b'],
  [['up', '--hours', '0'], '--hours: expected a number above 0, got "0"'],
])('wrong usage %j: status 2 and one message', async (args, message) => {
  const { status, stderr } = await runMain(...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^alpy: /);
  expect(stderr).toContain(message);
});

test('messages mask secrets from the environment', async () => {
  vi.stubEnv('MY_TOKEN', 'abcdefgh12345');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stderr } = await runMain('run', '--config', '/nowhere/abcdefgh12345.yaml');
  expect(stderr).toContain('/nowhere/[MASKED].yaml');
});

test('a command whose reader is gone ends with the status of SIGPIPE, without a message', async () => {
  const unread = new AbortController();
  const running = main(['doctor', '--config', '/nowhere/alpy.yaml'], unread.signal);
  unread.abort();
  expect(await running).toBe(141);
});

test('alpy schema prints JSON', async () => {
  const { status, stdout } = await runMain('schema');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    type: 'object',
    anyOf: [{ required: ['appliance'] }, { required: ['appliances'] }],
  });
});

test('the cache is in the folder that the XDG specification names', () => {
  expect(cacheDirectory({ XDG_CACHE_HOME: '/c' })).toBe('/c/alpy');
  expect(cacheDirectory({ XDG_CACHE_HOME: '' })).toMatch(/\/\.cache\/alpy$/);
});

test('messages show control and direction characters as escapes', async () => {
  const { stderr } = await runMain('run', '--config', '/nowhere/\u202e\x9b2J\x1b]0;title\x07.yaml');
  expect(harmful.exec(stderr)).toBeNull();
  expect(stderr).toContain(String.raw`/nowhere/\u202e\x9b2J\e]0;title\a.yaml`);
});
