// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test, vi } from 'vitest';
import { LoggedOutError, RemoteShell, ShellKindError } from '../../../src/access/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { startPreparedShell, testMs, wait } from './guest-shell.ts';
import { availableShells, hasProgram, startGuest } from '../../unit/console/guest.ts';

vi.setConfig({ testTimeout: testMs });

describe.concurrent.each(availableShells({ zsh: 'TERM=linux exec zsh -i -f' }))('a log-in shell, %s', (name, command) => {
  test('is prepared, and keeps its state between commands', async () => {
    await using guest = await startPreparedShell(command);
    const { shell } = guest;
    expect((await shell.run('echo "$PAGER $NO_COLOR [$PS1]"')).output).toBe('cat 1 [# ]');
    await shell.run('cd /usr; x="a b"', { keepState: true });
    expect((await shell.run('for word in $x "$PWD"; do echo "[$word]"; done # a comment')).output).toBe('[a]\n[b]\n[/usr]');
    expect((await shell.run(`: ${'x'.repeat(2000)}\nexit 3`, { check: false })).exitStatus).toBe(3);
    expect((await shell.run('if then', { keepState: true, check: false })).exitStatus).toBeGreaterThan(0);
    const path = `/tmp/alpy-test-${process.pid}-${name}`;
    await shell.upload(Buffer.alloc(3000, 'abc'), path);
    expect((await shell.run(`wc -c <${path}; rm ${path}`)).output.trim()).toBe('3000');
  });

  test('prints nothing about background jobs into the output of later commands', async () => {
    await using guest = await startPreparedShell(command);
    const { shell } = guest;
    await shell.run('sleep 0.2 & pid=$!', { keepState: true });
    const untilDone = 'while grep -qs "^State:.[^Z]" /proc/$pid/status; do sleep 0.1; done';
    expect((await shell.run(untilDone)).output).toBe('');
    expect((await shell.run('echo after')).output).toBe('after');
    expect((await shell.run('echo after', { keepState: true })).output).toBe('after');
  });

  test('survives failures with `set -e` in its profile', async () => {
    await using guest = await startPreparedShell(command, 'set -e; set -u');
    const { shell } = guest;
    expect((await shell.run('false', { check: false })).exitStatus).toBe(1);
    expect((await shell.run('false', { check: false, keepState: true })).exitStatus).toBe(1);
    expect((await shell.run('echo "alive $unset"')).output).toBe('alive ');
  });

  test('survives failures after `set -e` with keepState, and later commands in subshells obey it', async () => {
    await using guest = await startPreparedShell(command);
    const { shell } = guest;
    await shell.run('set -eu', { keepState: true });
    expect(await shell.run('echo a; false; echo b', { check: false })).toMatchObject({ exitStatus: 1, output: 'a' });
    expect(await shell.run('false', { check: false, keepState: true })).toMatchObject({ exitStatus: 1 });
    expect(await shell.run('echo "$unset"', { check: false, keepState: true })).toMatchObject({
      exitStatus: expect.toSatisfy((status: number) => status > 0) as number,
    });
    expect(await shell.run(`: ${'x'.repeat(2000)}\nfalse; echo b`, { check: false })).toMatchObject({ exitStatus: 1 });
    await shell.run('set +eu', { keepState: true });
    expect(await shell.run('false; echo b')).toMatchObject({ output: 'b' });
  });

  test('traces only the commands of the test', async () => {
    await using guest = await startPreparedShell(command);
    const { shell } = guest;
    await shell.run('set -x; PS4="+"', { keepState: true });
    expect((await shell.run('echo a')).output).toMatch(/^\++echo a\na$/);
    await shell.run('set +x', { keepState: true });
    expect((await shell.run('echo a')).output).toBe('a');
  });

  test('may have aliases and functions with the names of builtins, and unusual options', async () => {
    await using guest = await startPreparedShell(command, "alias printf='echo p' command='echo c' eval='echo e' read='echo r'");
    const { shell } = guest;
    expect((await shell.run('echo "a b"')).output).toBe('a b');
    await shell.run('unalias -a', { keepState: true });
    const functions = ['printf', 'stty', 'head', 'rm'].map((name) => `${name}() { echo wrong; }`).join('\n');
    await shell.run(`${functions}\nset -C; IFS=a; alias base64='echo x'`, { keepState: true });
    expect((await shell.run('echo "a b"')).output).toBe('a b');
    expect((await shell.run(`: ${'x'.repeat(2000)}\necho ä`, { keepState: true })).output).toBe('ä');
    const path = `/tmp/alpy-state-${process.pid}-${name}`;
    for (const content of ['short', 'long '.repeat(1000)]) {
      await shell.run('unset -f head rm', { keepState: true, check: false });
      await shell.upload(Buffer.from(content), path);
      expect((await shell.download(path)).toString()).toBe(content);
    }
    await shell.run(`rm ${path}`);
  });
});

// zsh would leave the terminal to a process group that is gone
describe.concurrent.each(availableShells())('a log-in shell of a getty, %s', (_name, command) => {
  test('that ends while a command runs in it is reported when the login prompt comes', async () => {
    const getty = `while :; do printf 'host login: '; read -r name; (${command}); done`;
    await using guest = startGuest(`stty cols 80; ${getty}`);
    await using console = SerialConsole.open(guest.stream);
    const shell = await RemoteShell.login(console, { user: 'root', settleMs: 50 }, wait, { ...wait, promptMs: 200 });
    const error: unknown = await shell
      .run('set -e\necho a; false\necho b', { keepState: true })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LoggedOutError);
    expect(error).toMatchObject({ code: 'ALPY_LOGGED_OUT', fault: 'device' });
    expect(String(error)).toContain('got a login prompt: it ran "exit", or failed after "set -e". Leave out keepState');
  });
});

test.each(availableShells().filter(([name]) => name === 'bash'))(
  'a log-in shell need not have the builtin `command`, %s',
  async (_name, command) => {
    await using guest = await startPreparedShell(command, 'enable -n command');
    const { shell } = guest;
    await shell.run('cd /usr; x=1', { keepState: true });
    expect(await shell.run('echo "$PWD $x"; exit 3', { check: false })).toMatchObject({ output: '/usr 1', exitStatus: 3 });
  },
);

describe.concurrent.each(availableShells().filter(([name]) => name === 'bash'))('a trap in %s', (_name, command) => {
  const traps = "trap 'echo debug' DEBUG; trap 'echo err' ERR";

  test('of the profile does not print between commands', async () => {
    await using guest = await startPreparedShell(command, `set -TE; ${traps}`);
    expect(await guest.shell.run('false; echo a')).toMatchObject({ output: 'a' });
  });

  test.each(['', 'set -TE; '])(
    'that is set with keepState does not print into the output of other commands: %s',
    async (options) => {
      await using guest = await startPreparedShell(command);
      const { shell } = guest;
      await shell.run(`${options}${traps}`, { keepState: true });
      expect(await shell.run('echo a; exit 3', { check: false })).toMatchObject({ output: 'a', exitStatus: 3 });
      expect((await shell.run(`: ${'x'.repeat(2000)}\necho ä`)).output).toBe('ä');
      expect((await shell.run('trap - DEBUG ERR', { keepState: true })).exitStatus).toBe(0);
      expect(await shell.run('false; echo a')).toMatchObject({ output: 'a' });
    },
  );
});

/** Reply like csh or fish to a line for a POSIX shell, if neither is installed. */
const imitations = {
  csh: `while printf '%% '; IFS= read -r l; do case $l in ''|'exec sh') $l;; *) echo 'Illegal variable name.';; esac; done`,
  fish: `while printf '> '; IFS= read -r l; do case $l in ''|'exec sh') $l;; *) printf "fish: Unsupported use of '='. In fish, please use 'set alpy_c '.\\n$l\\n";; esac; done`,
};
const others = Object.entries({
  csh: 'TERM=dumb exec csh -f',
  tcsh: 'TERM=dumb exec tcsh -f',
  fish: 'TERM=dumb exec fish --no-config --private',
}).filter(([name]) => {
  if (hasProgram(name)) return true;
  process.stderr.write(`skipped: no test with ${name}, since it is not installed\n`);
  return false;
});

describe.concurrent.each([
  ...others,
  ...Object.entries(imitations).map(([name, text]) => [`an imitation of ${name}`, text] as const),
])('a log-in shell that is not a POSIX shell, %s', (name, command) => {
  const kind = name.endsWith('fish') ? 'fish' : 'csh or tcsh';
  const login = { user: 'root', settleMs: 50, shellPrompt: /[#%>] *(?:\x1b\[[0-9;?]*[A-Za-z] *)*$/ };

  test('is recognised immediately', async () => {
    await using guest = startGuest(`stty cols 80; ${command}`);
    await using console = SerialConsole.open(guest.stream);
    const error: unknown = await RemoteShell.login(console, login, wait).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ShellKindError);
    expect(error).toMatchObject({ fault: 'usage', code: 'ALPY_SHELL_KIND' });
    expect(String(error)).toContain(
      `expected a POSIX shell (sh, ash, dash, bash, zsh), got ${kind}. Set appliance.login.shellCommand`,
    );
  });

  test('starts a POSIX shell on request', async () => {
    await using guest = startGuest(`stty cols 80; ${command}`);
    await using console = SerialConsole.open(guest.stream);
    const shell = await RemoteShell.login(console, login, wait, { ...wait, startCommand: 'exec sh' });
    await shell.run('x=1', { keepState: true });
    expect((await shell.run('echo $((x + 1))')).output).toBe('2');
  });
});

test('the log-in gives up on a shell that never answers long before the end of a long boot', async () => {
  await using guest = startGuest(`trap '' INT; stty -echo; while printf '# '; read -r l; do :; done`);
  await using console = SerialConsole.open(guest.stream);
  const late = RemoteShell.login(console, { user: 'root', settleMs: 50 }, { timeoutMs: 600_000 }, { answerMs: [100, 100] });
  await expect(late).rejects.toMatchObject({
    code: 'ALPY_CONSOLE_TIMEOUT',
    awaited: 'a POSIX shell to take commands (the end of command "prepare the shell")',
  });
});
