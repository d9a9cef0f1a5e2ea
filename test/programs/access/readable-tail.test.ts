// SPDX-License-Identifier: GPL-3.0-or-later
// What error messages show of a console on which alpy has run commands.
import { describe, expect, test, vi } from 'vitest';
import { availableShells } from '../../unit/console/guest.ts';
import { startPreparedShell, startShell, testMs } from './guest-shell.ts';

vi.setConfig({ testTimeout: testMs });

describe.concurrent.each(availableShells())('the last lines of the console with %s', (_name, command) => {
  test('show commands and their output, without what alpy adds', async () => {
    await using guest = await startPreparedShell(command);
    const { shell, console } = guest;
    await shell.run('echo one; echo two');
    await shell.run('printf "no end"');
    await shell.run(`echo ${'long '.repeat(400)}; echo done-long`);
    const begun = new AbortController();
    let seen = '';
    console.observe((chunk) => {
      seen += chunk.toString('latin1');
      if (/\nbegun\r?\n/.test(seen)) begun.abort();
    });
    await shell.run('echo begun; exec sleep 60', { signal: begun.signal }).catch(() => undefined);
    const { tail } = console;
    expect(tail).not.toMatch(/@@|\\command|alpy_/);
    expect(tail).toMatch(asSeen('echo one; echo two', '\none\ntwo\n'));
    expect(tail).toMatch(asSeen('printf "no end"', '\nno end\n'));
    expect(tail).toMatch(asSeen('echo long .*', ''));
    expect(tail).toMatch(/\ndone-long\n/);
    expect(tail).toMatch(asSeen('echo begun; exec sleep 60', '\nbegun\n?$'));
  });

  test('show kernel messages that came between', async () => {
    await using guest = await startShell(command);
    await guest.shell.run('printf "\\n[   12.345678] eth0: link up\\n"; echo here');
    expect(guest.console.tail).toContain('\n[   12.345678] eth0: link up\nhere\n');
  });
});

/**
 * A command and its output. The prompt is before the command; on its own line after it if the terminal echoed the command before the
 * shell printed the prompt, which shells without a line editor allow.
 */
function asSeen(command: string, output: string): RegExp {
  return new RegExp(`(?:[#$%] ?${command}|\\n${command}\\n.*[#$%] ?)${output}`);
}
