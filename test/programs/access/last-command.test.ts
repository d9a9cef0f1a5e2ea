// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { permissionAdvice, withBecome } from '../../../src/access/serial-shell/become.ts';
import { runLastCommand, type LastCommand } from '../../../src/access/serial-shell/last-command.ts';
import type { RemoteShell } from '../../../src/access/index.ts';
import { startShell } from './guest-shell.ts';
import { hasProgram } from '../../unit/console/guest.ts';
import { appliance } from '../../unit/access/appliance.ts';

const wait = { timeoutMs: 20_000 };
const canRun = hasProgram('script') && hasProgram('dash');

test("commands of Alpy's own are prefixed with appliance.become", () => {
  expect(withBecome(appliance(), 'reboot')).toBe('reboot');
  expect(withBecome(appliance({ become: 'sudo -n' }), "date -s 'now' || exit")).toBe(
    String.raw`sudo -n sh -c 'date -s '\''now'\'' || exit'`,
  );
});

test('the advice about a refused command names the keys that help', () => {
  expect(permissionAdvice('rebootCommand')).toContain('set appliance.become (such as sudo -n) or appliance.rebootCommand');
});

describe.skipIf(!canRun)('a command that ends the boot', () => {
  test('fails at once with its output if the device refuses it', async () => {
    await using guest = await startShell('exec dash -i');
    const given: AbortSignal[] = [];
    const last: LastCommand = {
      command: 'echo must be superuser; exit 1',
      advice: 'Ask for permission',
      done: ({ signal }) => {
        if (signal) given.push(signal);
        return Promise.withResolvers<void>().promise; // it never reboots
      },
    };
    const error: unknown = await runLastCommand(guest.shell, last, wait).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ALPY_COMMAND', fault: 'device', exitStatus: 1, output: 'must be superuser' });
    expect((error as Error).message).toContain('Ask for permission');
    expect(given[0]?.aborted).toBe(true); // the wait for the reboot has ended, too
    expect((await guest.shell.run('echo works')).output).toBe('works');
  });

  test('does not count as refused if the shutdown that it began killed it', async () => {
    const reboot = Promise.withResolvers<void>();
    const run = async (): ReturnType<RemoteShell['run']> => {
      setImmediate(reboot.resolve); // after the result
      return Promise.resolve({ exitStatus: 143, output: '', kernelMessages: [] });
    };
    await using guest = await startShell('exec dash -i');
    const last = { command: 'reboot', advice: '', done: () => reboot.promise };
    await runLastCommand({ console: guest.console, run }, last, wait);
  });
});
