// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LoginError, RemoteShell } from '../../../src/access/index.ts';
import { ConsoleClosedError, ConsoleTimeoutError, SerialConsole, Transcript } from '../../../src/console/index.ts';
import { ScriptedDevice } from '../../unit/access/device.ts';
import { connect, hasProgram, startGuest } from '../../unit/console/guest.ts';

const wait = { timeoutMs: 20_000 };
const quick = { settleMs: 20, nudgeMs: 0 };
const canRun = hasProgram('script') && hasProgram('dash');
if (!canRun) process.stderr.write("skipped: no test of the login, since dash or util-linux's script is not installed\n");

/** A getty and a login in one; `$expected` is "user:password", without the password when it asks for none. */
function getty(expected: string, greeting = ''): string {
  const ask = `stty -echo; printf 'Password: '; read -r p; stty echo; echo; answer="$u:$p"`;
  return `exec dash -c ${JSON.stringify(
    `while :; do printf 'guest login: '; read -r u; answer="$u"; ${expected.includes(':') ? ask : ''}
    if [ "$answer" = '${expected}' ]; then printf '${greeting}'; exec dash -i; fi; echo 'Login incorrect'; done`,
  )
    .replaceAll('$', String.raw`\$`)
    .replaceAll(String.raw`\n`, '\n')}`;
}

describe.skipIf(!canRun)('log in', { concurrent: true }, () => {
  test('with user and password, and the password is in neither transcript', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'alpy-login-'));
    try {
      await using guest = startGuest(getty('root:hunter2', 'Last login: Mon; 3 < 4 > 2\\n'));
      const console = SerialConsole.open(guest.stream, { transcript: Transcript.create(join(directory, 'console')) });
      const shell = await RemoteShell.login(console, { user: 'root', password: 'hunter2', ...quick }, wait);
      expect((await shell.run('echo $((6 * 7)); stty size <&2')).output).toBe('42\n100 1000'); // the shell was prepared
      await console.close();
      for (const suffix of ['log', 'txt'])
        expect(await readFile(join(directory, `console.${suffix}`), 'utf8')).not.toMatch('hunter2');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('without a password if the device asks for none, even if one is configured', async () => {
    for (const password of [{}, { password: 'unused' }]) {
      await using guest = startGuest(getty('root'));
      await using console = SerialConsole.open(guest.stream);
      const shell = await RemoteShell.login(console, { user: 'root', ...password, ...quick }, wait);
      expect((await shell.run('echo hello')).output).toBe('hello');
    }
  });

  test('if a shell is already there', async () => {
    await using guest = startGuest('exec dash -i');
    await using console = SerialConsole.open(guest.stream);
    const shell = await RemoteShell.login(console, { user: 'root', ...quick }, wait);
    expect((await shell.run('echo hello')).output).toBe('hello');
  });

  test.skipIf(!hasProgram('busybox'))('if the shell asks for the cursor position after its prompt', async () => {
    await using guest = startGuest('exec busybox ash -i');
    await using console = SerialConsole.open(guest.stream);
    let seen = '';
    console.observe((chunk) => (seen += chunk.toString('latin1')));
    const shell = await RemoteShell.login(console, { user: 'root', shellPrompt: /[#$] $/, settleMs: 20 }, wait);
    expect(seen).toMatch(/[#$] \x1b\[6n/);
    expect((await shell.run('echo hello')).output).toBe('hello');
  });

  test('if the prompt was printed earlier, because Enter is pressed after some silence', async () => {
    await using guest = startGuest('exec dash -i');
    await using console = SerialConsole.open(guest.stream);
    await console.expect('# ', wait);
    await RemoteShell.login(console, { user: 'root', settleMs: 20, nudgeMs: 50 }, wait);
  });

  test('at the password prompt of another log-in', async () => {
    await using guest = startGuest(getty('root:x'));
    await using console = SerialConsole.open(guest.stream);
    await console.expect('login: ', wait);
    await console.sendLine('somebody');
    await RemoteShell.login(console, { user: 'root', password: 'x', ...quick }, wait);
  });

  test('although boot messages look like prompts', async () => {
    const { near, far } = connect();
    await using console = SerialConsole.open(near);
    const typed: string[] = [];
    far.on('data', (line: Buffer) => {
      typed.push(line.toString());
      far.write('root\r\nhome> ');
      setImmediate(() => far.write('of rabbit\r\n# '));
    });
    far.write('Access denied, login failed # ');
    const login = RemoteShell.login(console, { user: 'root', nudgeMs: 0, settleMs: 300 }, wait, { prepare: '' });
    setImmediate(() => far.write('is over\r\nLast login: never\r\nguest login: '));
    await login;
    expect(typed).toEqual(['root\n']);
    await expect(console.expect(/[^]/, { timeoutMs: 0 })).rejects.toBeInstanceOf(ConsoleTimeoutError); // it took all
  });

  test('although each earlier Enter produces another prompt', async () => {
    const { near, far } = connect();
    await using console = SerialConsole.open(near);
    const answers = [
      'guest login: ',
      'guest login: ',
      'Password: ',
      '\r\nLogin incorrect\r\nguest login: ',
      'Password: ',
      '\r\n# ',
    ];
    far.on('data', () => far.write(answers.shift() ?? 'too much was typed'));
    far.write('guest login: ');
    await RemoteShell.login(console, { user: 'root', password: 'x', ...quick }, wait, { prepare: '' });
    expect(answers).toEqual([]);
  });

  test('fails with a wrong password; the error names the user, not the password', async () => {
    await using guest = startGuest(getty('root:right'));
    await using console = SerialConsole.open(guest.stream, { name: 'rabbit' });
    const error: unknown = await RemoteShell.login(console, { user: 'root', password: 'wr0ng', ...quick }, wait).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(LoginError);
    expect(error).toMatchObject({ code: 'ALPY_LOGIN', fault: 'usage', user: 'root' });
    expect((error as Error).message).toMatch(/^rabbit: cannot log in as "root": the device refused it 2 times\. /);
    expect((error as Error).message).not.toMatch('wr0ng');
  });

  test('fails if the device asks for a password that is not configured, or that has expired', async () => {
    await using guest = startGuest(getty('root:right'));
    await using console = SerialConsole.open(guest.stream);
    await expect(RemoteShell.login(console, { user: 'root', ...quick }, wait)).rejects.toThrow(
      'asks for a password and none is configured',
    );
    await using expired = startGuest(getty('root:right').replace('exec dash -i', "printf 'New password: '; read -r p"));
    await using other = SerialConsole.open(expired.stream);
    await expect(RemoteShell.login(other, { user: 'root', password: 'right', ...quick }, wait)).rejects.toThrow(
      'perhaps for a new one',
    );
  });

  test('fails if no prompt comes, or the console ends', async () => {
    const { near, far } = connect();
    await using console = SerialConsole.open(near);
    far.write('booting\r\n');
    const login = RemoteShell.login(console, { user: 'root', settleMs: 20, nudgeMs: 30 }, { timeoutMs: 150 });
    await expect(login).rejects.toBeInstanceOf(ConsoleTimeoutError);
    await expect(login).rejects.toMatchObject({ timeoutMs: 150, tail: expect.stringMatching(/^booting\n/) as string });
    await using dead = startGuest('echo panic');
    await using other = SerialConsole.open(dead.stream);
    await expect(RemoteShell.login(other, { user: 'root', ...quick }, wait)).rejects.toBeInstanceOf(ConsoleClosedError);
  });

  // here and not in login-cases.test.ts, since no test with fake timers may run beside it
  test('fails with the refusal, not with the missed deadline, while the device keeps refusing', async () => {
    const device = new ScriptedDevice('login', {
      login: (_name, device) => {
        device.become('password', 'Password: ');
      },
      password: (_text, device) => {
        device.become('login', 'Login incorrect\r\nguest login: ');
      },
    });
    device.print('guest login: ');
    const options = { user: 'root', password: 'wr0ng', retryMs: 60_000, settleMs: 10 };
    await expect(RemoteShell.login(device.console, options, { timeoutMs: 2000 })).rejects.toBeInstanceOf(LoginError);
  });

  test('ends when the signal fires', async () => {
    await using silent = startGuest('exec sleep 60');
    await using console = SerialConsole.open(silent.stream);
    const controller = new AbortController();
    const login = RemoteShell.login(console, { user: 'root', ...quick }, { ...wait, signal: controller.signal });
    const reason = new Error('cancelled');
    controller.abort(reason);
    await expect(login).rejects.toBe(reason);
  });
});
