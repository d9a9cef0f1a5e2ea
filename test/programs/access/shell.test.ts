// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test, vi } from 'vitest';
import { CommandError, RemoteShell } from '../../../src/access/index.ts';
import { ConsoleClosedError, END } from '../../../src/console/index.ts';
import { UsageError } from '../../../src/core/errors.ts';
import { startShell, testMs, wait } from './guest-shell.ts';
import { availableShells, cutIn } from '../../unit/console/guest.ts';

vi.setConfig({ testTimeout: testMs });

const message = '[   12.345678] eth0: link up\r\n';

describe.concurrent.each(availableShells())('a command in %s', (_name, command) => {
  test('returns its output and exit status', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    expect(await shell.run('echo hello')).toEqual({ output: 'hello', exitStatus: 0, kernelMessages: [] });
    expect(await shell.run('false', { check: false })).toEqual({ output: '', exitStatus: 1, kernelMessages: [] });
    expect(await shell.run('printf "a\\n\\nb\\n\\n"')).toMatchObject({ output: 'a\n\nb\n' });
    expect(await shell.run('printf "no end"')).toMatchObject({ output: 'no end' });
    expect(await shell.run('echo out; echo err >&2; exit 3', { check: false })).toMatchObject({
      output: 'out\nerr',
      exitStatus: 3,
    });
    expect(await shell.run('nosuchcommand', { check: false })).toMatchObject({ exitStatus: 127 });
    const killed = await shell.run("sh -c 'kill -TERM $$'", { check: false });
    expect(killed).toMatchObject({ exitStatus: 143, signal: 'SIGTERM' });
    expect(await shell.run('printf "\\033[1;31mred\\033[0m\\r\\n"')).toMatchObject({ output: '\x1b[1;31mred\x1b[0m' });
    expect(await shell.run('for i in "a  b" \'$HOME\' !x; do\n  echo "[$i]"\ndone # ä')).toMatchObject({
      output: '[a  b]\n[$HOME]\n[!x]',
    });
    const quoted = String.raw`v='a  b' && echo "[$v]" 'it'\''s' \"\$HOME\" ~x; echo !x "!!" '\'; echo "ä	%s" | cat`;
    expect(await shell.run(quoted)).toMatchObject({ output: `[a  b] it's "$HOME" ~x\n!x !! \\\nä\t%s` });
    expect(await shell.run(quoted.slice(0, quoted.indexOf(';')))).toMatchObject({ output: `[a  b] it's "$HOME" ~x` });
  });

  test('fails with its output', async () => {
    await using guest = await startShell(command);
    const error: unknown = await guest.shell.run('echo oops; exit 5').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ fault: 'device', command: 'echo oops; exit 5', exitStatus: 5, output: 'oops\n' });
    expect(await guest.shell.run('if then', { check: false })).toMatchObject({ exitStatus: 2 }); // a syntax error
  });

  test('can be much longer than a line of the terminal', async () => {
    await using guest = await startShell(command);
    const text = Array.from({ length: 600 }, (_, index) => `word${index}`).join(' ');
    expect((await guest.shell.run(`echo ${text}`)).output).toBe(text);
  });

  test('reads nothing from the terminal', async () => {
    await using guest = await startShell(command);
    expect((await guest.shell.run('cat; read -r x; echo "[$x]"')).output).toBe('[]');
  });

  test('runs in a subshell, unless keepState is set', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    await shell.run('cd /; x=1');
    await shell.run('cd /usr; y=2', { keepState: true });
    expect((await shell.run('echo "$PWD $x $y"')).output).toBe('/usr  2');
    expect(await shell.run('if then', { keepState: true, check: false })).toMatchObject({ exitStatus: 2 });
    expect((await shell.run('echo "$y"')).output).toBe('2');
  });

  test('is interrupted after its deadline, and the next command runs', async () => {
    await using guest = await startShell(command);
    const { shell } = guest;
    const late = shell.run('echo begun; exec sleep 60', { timeoutMs: 150 });
    await expect(shell.run('echo too early')).rejects.toBeInstanceOf(UsageError);
    await expect(late).rejects.toMatchObject({
      code: 'ALPY_CONSOLE_TIMEOUT',
      awaited: 'the end of command "echo begun; exec sleep 60"',
      timeoutMs: 150,
    });
    expect((await shell.run('echo after')).output).toBe('after');
  });

  test.each([
    ['ready', /@@\w{8}R@@/, 5],
    ['begin', /@@\w{8}B@@/, 9],
    ['end', /@@\w{8}E\d/, 12],
    ['exit status', /@@\w{8}E\d/, 13],
    ['acknowledgement', /@@\w{8}A\d/, 13],
  ])('is separated although the kernel interrupts its marker: %s', async (_marker, place, offset) => {
    let cuts = 0;
    const cut = cutIn(place, offset, message);
    const tamper = (output: Buffer): Buffer => {
      const result = cut(output);
      if (result !== output) cuts += 1;
      return result;
    };
    await using guest = await startShell(command, tamper);
    const text = `cat /nonexistent 2>/dev/null\n: ${'x'.repeat(5000)}\n(exit 7)`;
    expect(await guest.shell.run(text, { check: false })).toMatchObject({ exitStatus: 7 });
    expect(cuts).toBeGreaterThan(0);
  });

  test.each([
    ['begin', /@@\w{8}B@@/, 9],
    ['end', /@@\w{8}E\d/, 12],
  ])('that is typed as one line is separated, too: %s', async (_marker, place, offset) => {
    let isCut = false;
    const cut = cutIn(place, offset, message);
    const tamper = (output: Buffer): Buffer => (isCut ? cut(output) : output);
    await using guest = await startShell(command, tamper);
    await guest.shell.run('true');
    isCut = true;
    expect(await guest.shell.run('echo "a  b"; exit 7', { check: false })).toMatchObject({ exitStatus: 7 });
  });

  test('includes kernel messages in its output, unless `exact` is set', async () => {
    await using guest = await startShell(command, cutIn(/abcd/, 2, message));
    const text = `printf 'ab''cd\\n'`;
    expect((await guest.shell.run(text)).output).toBe(`ab${message.replace('\r', '')}cd`);
    expect((await guest.shell.run(text, { exact: true })).output).toBe('abcd');
  });

  test('that ends the shell ends the console', async () => {
    await using guest = await startShell(command);
    await expect(guest.shell.run('exit', { keepState: true })).rejects.toBeInstanceOf(ConsoleClosedError);
    await guest.console.expect(END, wait);
  });

  test('fails immediately when the machine is switched off', async () => {
    await using guest = await startShell(command);
    const running = guest.shell.run("echo be''gun; exec sleep 60");
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let seen = '';
    guest.console.observe((chunk) => {
      seen += chunk.toString('latin1');
      if (seen.includes('begun')) resolve(undefined);
    });
    await promise;
    guest.powerOff();
    await expect(running).rejects.toBeInstanceOf(ConsoleClosedError);
  });

  test('ends when its own signal or that of the shell fires', async () => {
    await using guest = await startShell(command);
    const [ofShell, ofCall] = [new AbortController(), new AbortController()];
    const shell = RemoteShell.attach(guest.console, { ...wait, signal: ofShell.signal });
    const first = shell.run('sleep 60', { signal: ofCall.signal });
    ofCall.abort();
    await expect(first).rejects.toBe(ofCall.signal.reason);
    const second = shell.run('sleep 60', { signal: new AbortController().signal });
    ofShell.abort();
    await expect(second).rejects.toBe(ofShell.signal.reason);
  });
});
