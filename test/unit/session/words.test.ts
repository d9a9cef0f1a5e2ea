// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { parseCommandLine, sessionCommands } from '../../../src/session/index.ts';

function parse(name: string, ...words: readonly string[]): ReturnType<typeof parseCommandLine> {
  const command = sessionCommands.find((one) => one.name === name);
  if (!command) throw new Error(`no command is called ${name}`);
  return parseCommandLine(command, words);
}

test('a command and its arguments are taken unchanged, with or without --', () => {
  const rest = ['grep', '-i', '--', 'x'];
  expect(parse('exec', 'node0', ...rest)).toMatchObject({ values: {}, positionals: ['node0'], rest });
  expect(parse('exec', 'node0', '--', ...rest)).toMatchObject({ values: {}, positionals: ['node0'], rest });
  expect(parse('exec', '-i', 'node0', ...rest)).toMatchObject({ values: { stdin: true }, positionals: ['node0'], rest });
  expect(parse('exec', 'node0', '-i', '--', ...rest)).toMatchObject({ values: { stdin: true }, positionals: ['node0'], rest });
  expect(parse('console', 'run', 'sysctl', '-w', 'a=1')).toMatchObject({ positionals: ['run'], rest: ['sysctl', '-w', 'a=1'] });
  expect(parse('console', 'run', '--timeout', '5', 'ls', '-l')).toMatchObject({
    values: { timeout: '5' },
    positionals: ['run'],
    rest: ['ls', '-l'],
  });
});

test('without a command, options may come anywhere, and unknown ones are errors', () => {
  expect(parse('console', 'expect', 'login: ', '--timeout', '5')).toMatchObject({ positionals: ['expect', 'login: '], rest: [] });
  expect(parse('capture', 'link0', '--wait', 'icmp')).toMatchObject({ values: { wait: true }, positionals: ['link0', 'icmp'] });
  expect(() => parse('link', 'link0', '--down')).toThrow(
    /Unknown option '--down'.*\nusage: alpy link LINK up\|down\|impair\|clear/s,
  );
});

test('the name of a device goes before what its console does', () => {
  expect(parse('console', 'left', 'run', 'sysctl', '-w', 'a=1')).toMatchObject({
    positionals: ['left', 'run'],
    rest: ['sysctl', '-w', 'a=1'],
  });
  expect(parse('console', 'run', 'run', '-x')).toMatchObject({ positionals: ['run'], rest: ['run', '-x'] });
  expect(parse('console', 'left', 'tail', '--timeout', '5')).toMatchObject({ positionals: ['left', 'tail'], rest: [] });
});
