// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { hasProgram } from '../../unit/console/guest.ts';

const canRun = hasProgram('script');
if (!canRun) process.stderr.write("skipped: no test of questions on a terminal, since util-linux's script is not installed\n");

const program = resolve(import.meta.dirname, '../../support/ask-login.ts');

/** What a terminal shows from the first question on, if all of it was typed before. */
async function screenAfter(typed: string): Promise<string> {
  const command = `${process.execPath} ${program}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(typed);
  const screen = stripVTControlCharacters(await text(child.stdout)).replaceAll(/\r+\n/g, '\n');
  return screen.slice(screen.indexOf('The appliance asks'));
}

test.skipIf(!canRun)('what was typed before its question is shown as the answer to it, and a password never', async () => {
  expect(await screenAfter('root\nmistyped\nadmin\nsecret\n')).toBe(`The appliance asks: guest login:
  user (empty: do not log in): root
  password (not shown, but written to alpy.yaml): 
refused
The appliance asks: guest login:
  user (empty: do not log in): admin
  password (not shown, but written to alpy.yaml): 
answers: [{"user":"root","password":"mistyped"},{"user":"admin","password":"secret"}]
`);
});

test.skipIf(!canRun)('at the end of the input, nobody logs in', async () => {
  expect(await screenAfter('root\n\n')).toMatch(/answers: \[\{"user":"root","password":""\},null\]\n$/);
});
