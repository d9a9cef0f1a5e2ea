// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { OutputTooLongError, PagerError, RemoteShell, type ShellOptions } from '../../../src/access/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { CommandWatch } from '../../../src/access/serial-shell/command-watch.ts';
import { separateKernelMessages } from '../../../src/access/serial-shell/kernel-messages.ts';
import { pagerPrompt } from '../../../src/access/serial-shell/pager.ts';
import { startPreparedShell, startShell, testMs, wait } from './guest-shell.ts';
import { availableShells, connect, cutIn, hasProgram } from '../../unit/console/guest.ts';

vi.setConfig({ testTimeout: testMs });

const shells = availableShells();
const message = '[    7.650123] cat (86) used greatest stack depth: 13 bytes left';

describe.concurrent.each(shells)('output in %s', (_name, command) => {
  test('of 5 MB, more than a console keeps by default, is complete', async () => {
    await using guest = await startShell(command);
    const { output } = await guest.shell.run('yes "$(printf %099d 0)" | head -n 50000');
    expect(output.length).toBe(4_999_999);
    const line = '0'.repeat(99);
    expect(output.split('\n').every((one) => one === line)).toBe(true);
  });

  test('that never ends is an error long before the deadline, and the next command runs', async () => {
    await using guest = await startShell(command);
    const shell = RemoteShell.attach(guest.console, { ...wait, outputBytes: 1024 ** 2 });
    const error: unknown = await shell
      .run('while :; do head -c 100000 /dev/zero | tr "\\0" x; done')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OutputTooLongError);
    expect(error).toMatchObject({ code: 'ALPY_OUTPUT_TOO_LONG', fault: 'usage' });
    expect(String(error)).toMatch(/printed more than 1 MiB\. Filter its output on the device/);
    expect((await shell.run('echo after')).output).toBe('after');
  });

  test.each<[string, ShellOptions, string]>([
    ['includes messages of the kernel, which kernelMessages also lists', {}, `ab${message}\ncd`],
    ['omits messages of the kernel with kernelMessages: separate', { kernelMessages: 'separate' }, 'abcd'],
  ])('%s', async (_title, options, output) => {
    await using guest = await startShell(command, cutIn(/abcd/, 2, `${message}\r\n`));
    const shell = RemoteShell.attach(guest.console, { ...wait, ...options });
    const text = `printf 'ab''cd\\n'`;
    expect(await shell.run(text)).toEqual({ output, exitStatus: 0, kernelMessages: [message] });
    expect((await shell.run(text, { kernelMessages: 'separate' })).output).toBe('abcd');
    expect((await shell.run(text, { kernelMessages: 'keep' })).output).toBe(`ab${message}\ncd`);
    await expect(shell.run(`${text}; false`, { kernelMessages: 'separate' })).rejects.toMatchObject({ output: 'abcd\n' });
  });
});

test('a command may print 16 MiB unless it is given another limit', async () => {
  const { near, far } = connect();
  await using console = SerialConsole.open(near);
  using watch = new CommandWatch(console, 'flood', false);
  watch.begin();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  console.observe(() => {
    if (console.position === 16 * 1024 ** 2) resolve(undefined);
  });
  for (let n = 0; n < 16; n += 1) far.write(Buffer.alloc(1024 ** 2, 'x'));
  await promise;
  expect(watch.signal.aborted).toBe(false);
  const aborted = once(watch.signal, 'abort');
  far.write('x');
  await aborted;
  expect(watch.signal.reason).toBeInstanceOf(OutputTooLongError);
  expect(String(watch.signal.reason)).toContain('printed more than 16 MiB');
});

test('messages of the kernel are distinguished from similar output', () => {
  const kernel = ['[    0.000000] Linux version 6.1', '[12345.678901][ T1] eth0: up', `[    1.000000] `];
  expect(separateKernelMessages(kernel.join('\n'))).toEqual({ output: '', kernelMessages: kernel });
  for (const output of [
    '[1] Done\n',
    '[  3]  0.0-10.0 sec\n',
    '[12.5] seconds\n',
    'Nov 26 10:00:00 host kernel: [    7.650123] eth0: up\n',
    'rate=[ 1.500000]\n',
  ]) {
    expect(separateKernelMessages(output)).toEqual({ output, kernelMessages: [] });
  }
});

const pagers = ['less', 'more', 'busybox less', 'busybox more'].filter((pager) => {
  const isThere = hasProgram(pager.split(' ')[0] ?? '') && hasProgram('script');
  if (!isThere) process.stderr.write(`skipped: no test with ${pager}, since it or util-linux's script is not installed\n`);
  return isThere;
});

describe.concurrent.each(shells)('a pager in %s', (name, command) => {
  // every pager in one shell, and one pager in every shell: what a pager shows does not depend on the shell
  const some = name === shells[0]?.[0] ? pagers : pagers.slice(0, 1);

  test.each(some)('is recognised in a pipe and with a file, and the shell stays usable: %s', async (pager) => {
    await using guest = await startPreparedShell(command, '', { promptMs: 200 });
    for (const text of [`seq 300 | ${pager}`, `seq 300 >/tmp/alpy-$$; ${pager} /tmp/alpy-$$`]) {
      const error: unknown = await guest.shell.run(text, { check: false }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(PagerError);
      expect(error).toMatchObject({ code: 'ALPY_PAGER', fault: 'usage', command: text });
      expect(String(error)).toContain('Append "| cat" to the command');
      expect((await guest.shell.run('echo after; rm -f /tmp/alpy-$$')).output).toBe('after');
    }
  });

  test('does not start if the output goes elsewhere', async () => {
    await using guest = await startPreparedShell(command);
    const expected = Array.from({ length: 300 }, (_, index) => String(index + 1)).join('\n');
    for (const pager of pagers) {
      expect((await guest.shell.run(`seq 300 | ${pager} | cat`)).output).toBe(expected);
      expect((await guest.shell.run(`seq 300 | ${pager}`, { exact: true })).output).toBe(expected);
    }
  });
});

test('prompts of pagers are distinguished from the output of slow programs', () => {
  for (const prompt of [
    '--More--',
    '\x1b[7m--More--(12%)\x1b[m',
    ' --More-- ',
    '---(more 45%)---',
    '<--- More --->',
    '-- more --, next page: Space',
    '(END)',
    'lines 1-23',
    'lines 201-300/300 byte 1092/1092 (END)',
    'lines 1-23/300 7%',
    '/etc/services lines 1-99/361 27%',
    'Manual page ls(1) line 1 (press h for help or q to quit)',
    'WARNING: terminal is not fully functional\r\nPress RETURN to continue ',
  ]) {
    expect({ prompt, found: pagerPrompt(`output\r\n${prompt}`, 2) !== undefined }).toEqual({ prompt, found: true });
  }
  expect(pagerPrompt('97\r\n98\r\n99\r\n:\x1b[K', 99)).toBe(':');
  for (const output of [
    '',
    'done\r\n',
    'more to come',
    'Name:',
    ':',
    '--More--\r\n',
    '100%',
    'Press any key\r\n',
    'lines 1-23\r\n',
    'lines 1-23 copied',
    'with --more',
    '12:',
  ]) {
    expect({ output, found: pagerPrompt(`output\r\n${output}`, 2) }).toEqual({ output, found: undefined });
  }
});
