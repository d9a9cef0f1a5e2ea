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
    /^unknown option --down\. Expected one of --delay-ms, .*, --direction\nusage: alpy link LINK up\|down\|impair\|clear$/,
  );
});

test.each([
  [['link', 'link0', 'impair', '--delay', '20'], 'unknown option --delay. Did you mean --delay-ms?\nusage: alpy link LINK '],
  [['link', 'link0', 'impair', '--delay=20'], 'unknown option --delay. Did you mean --delay-ms?\nusage: '],
  [['console', 'tail', '--timout', '5'], 'unknown option --timout. Did you mean --timeout?\nusage: alpy console '],
  [['console', 'tail', '-t', '5'], 'unknown option -t. Expected one of --timeout, --no-newline\nusage: alpy console '],
  [['exec', 'node0', '-x', '--', 'ls'], 'unknown option -x. Expected one of --stdin (-i)\nusage: alpy exec '],
  [['dut', 'reset', '--now'], 'unknown option --now. The command has no options\nusage: alpy dut '],
  [['link', 'link0', 'impair', '--delay-ms'], '--delay-ms: expected a value, got none. Write --delay-ms=VALUE\nusage: '],
  [['link', 'link0', 'impair', '--delay-ms', '-5'], '--delay-ms: expected a value, got -5. Write --delay-ms=VALUE\nusage: '],
  [['exec', '--stdin=yes', 'node0', 'ls'], '--stdin: expected no value, got yes\nusage: '],
])('alpy %j: what is wrong with the options is said with the known ones', ([name = '', ...words], message) => {
  expect(() => parse(name, ...words)).toThrow(message);
});

test('the name of a device goes before what its console does', () => {
  expect(parse('console', 'left', 'run', 'sysctl', '-w', 'a=1')).toMatchObject({
    positionals: ['left', 'run'],
    rest: ['sysctl', '-w', 'a=1'],
  });
  expect(parse('console', 'run', 'run', '-x')).toMatchObject({ positionals: ['run'], rest: ['run', '-x'] });
  expect(parse('console', 'left', 'tail', '--timeout', '5')).toMatchObject({ positionals: ['left', 'tail'], rest: [] });
});
