// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { impairmentOf } from '../../../src/session/commands/impairment.ts';
import { parseCommandLine, sessionCommands } from '../../../src/session/index.ts';

const command = sessionCommands.find(({ name }) => name === 'link')!;
const parse = (...words: readonly string[]): ReturnType<typeof impairmentOf> => impairmentOf(parseCommandLine(command, words));

test('the options of an impairment become those of link.impair', () => {
  expect(parse('link0', 'impair', '--delay-ms', '20', '--loss-percent=0.5', '--direction', 'node0->dut', '--seed', '7')).toEqual({
    delayMs: 20,
    lossPercent: 0.5,
    direction: 'node0->dut',
    seed: 7,
  });
  expect(parse('link0', 'impair')).toEqual({});
});

test.each(['much', ''])('a value that is no number is refused: %j', (text) => {
  expect(() => parse('link0', 'impair', '--rate-mbps', text)).toThrow(
    `--rate-mbps: expected a number, got ${JSON.stringify(text)}`,
  );
});
