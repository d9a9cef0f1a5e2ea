// SPDX-License-Identifier: GPL-3.0-or-later
// Shells on devices that log out, run an opening command or need another line end.
import { describe, expect, test } from 'vitest';
import { RemoteShell } from '../../../src/access/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { hasProgram, startGuest } from '../../unit/console/guest.ts';

const wait = { timeoutMs: 20_000 };
const quick = { settleMs: 20, nudgeMs: 500 };
const canRun = hasProgram('script') && hasProgram('bash');
if (!canRun) process.stderr.write("skipped: no test of a console that logs out, since bash or util-linux's script is missing\n");

/** A getty whose log-in shell is bash, which first runs some commands. */
function getty(begin: string): string {
  const bash = `bash --noprofile --rcfile <(echo "PS1='guest# '; ${begin}") -i`;
  return `exec bash -c 'while :; do printf "guest login: "; read -r name; ${bash.replaceAll("'", String.raw`'\''`)}; done'`;
}

/** Settles once a text has been printed `count` times. */
async function seen(console: SerialConsole, text: string, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let all = '';
  const stop = console.observe((chunk) => {
    all += chunk.toString('latin1');
    if (all.split(text).length > count) resolve(undefined);
  });
  await promise;
  stop();
}

describe.skipIf(!canRun)('a console', { timeout: 30_000, concurrent: true }, () => {
  test('that has logged out by itself is logged in again by the next command', async () => {
    await using guest = startGuest(getty('readonly TMOUT=1'));
    await using console = SerialConsole.open(guest.stream);
    const typed: string[] = [];
    const shell = await RemoteShell.login(console, { user: 'root', ...quick }, wait);
    const write = console.send.bind(console);
    console.send = async (data, options) => {
      typed.push(String(data));
      await write(data, options);
    };
    await seen(console, 'guest login: ', 1);
    expect((await shell.run('echo "$0 $PS1"', wait)).output).toBe('bash # '); // it was prepared again, too
    expect(typed[0]).toBe('root\n');
  });

  test('no longer logs out after some time, if TMOUT may be changed', async () => {
    await using guest = startGuest(getty('TMOUT=15'));
    await using console = SerialConsole.open(guest.stream);
    const shell = await RemoteShell.login(console, { user: 'root', ...quick }, wait);
    expect((await shell.run('echo "[$TMOUT]"', wait)).output).toBe('[]');
  });

  test('that a test has logged out is logged in again only if it shows a login prompt', async () => {
    await using guest = startGuest(getty(':'));
    await using console = SerialConsole.open(guest.stream);
    const shell = await RemoteShell.login(console, { user: 'root', ...quick }, wait);
    expect((await shell.run(`printf 'guest login: '`, wait)).output).toBe('guest login: ');
    expect((await shell.run('echo still there', wait)).output).toBe('still there');
    await console.sendLine('exit');
    await console.expect('guest login: ', wait);
    expect((await shell.run('echo again', wait)).output).toBe('again');
  });

  test('whose lines end with \\r has a shell, too', async () => {
    await using guest = startGuest(
      `stty -icrnl; ${getty(':')}`.replace('read -r name', String.raw`read -r -d $'"'"'\r'"'"' name`),
    );
    await using console = SerialConsole.open(guest.stream, { lineEnd: '\r' });
    const shell = await RemoteShell.login(console, { user: 'root', ...quick }, wait);
    expect((await shell.run('echo $((6 * 7))', wait)).output).toBe('42');
    const text = Array.from({ length: 600 }, (_, index) => `word${index}`).join(' ');
    expect((await shell.run(`echo ${text}`, wait)).output).toBe(text);
  });
});

describe.skipIf(!hasProgram('script') || !hasProgram('dash'))(
  'while the opening command of a shell runs',
  { concurrent: true },
  () => {
    test('everything else that sends or expects waits for its end', async () => {
      await using guest = startGuest('exec dash -i');
      await using console = SerialConsole.open(guest.stream);
      await console.expect('# ', wait);
      const opening = { title: 'Set the clock', text: () => 'sleep 0.3; echo "set"' };
      const shell = RemoteShell.attach(console, wait, opening);
      const [, match] = await Promise.all([console.sendLine('echo x-$((1 + 1))'), console.expect('x-2', wait)]);
      expect(match.before).not.toContain('@@');
      await shell.opened();
      expect((await shell.run('echo after')).output).toBe('after');
    });

    test('a failure frees the console, and the shell throws the error', async () => {
      await using guest = startGuest('exec dash -i');
      await using console = SerialConsole.open(guest.stream);
      await console.expect('# ', wait);
      const shell = RemoteShell.attach(console, wait, { title: 'Set the clock', text: () => 'exit 4' });
      await console.sendLine('echo x-$((1 + 1))');
      await console.expect('x-2', wait);
      await expect(shell.run('true')).rejects.toMatchObject({ code: 'ALPY_COMMAND', command: 'Set the clock', exitStatus: 4 });
      const judged = RemoteShell.attach(console, wait, { title: 'Set the clock', text: () => 'exit 4', judge: () => undefined });
      expect((await judged.run('echo works')).output).toBe('works');
    });
  },
);
