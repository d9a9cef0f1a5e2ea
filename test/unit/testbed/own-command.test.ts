// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test, describe } from 'vitest';
import { resolveConfig } from '../../../src/config/index.ts';
import { CommandError, RemoteShell } from '../../../src/console/index.ts';
import { withSink } from '../../../src/core/step.ts';
import type { Appliance } from '../../../src/testbed/index.ts';
import { clockSetting, ownCommand, runLastCommand, type LastCommand } from '../../../src/testbed/own-command.ts';
import { provision } from '../../../src/testbed/provision.ts';
import { startShell } from '../console/guest-shell.ts';
import { hasProgram } from '../console/guest.ts';

const wait = { timeoutMs: 20_000 };
const canRun = hasProgram('script') && hasProgram('dash');

function appliance(changes: Partial<Appliance> = {}): Appliance {
  const raw = { appliance: { image: 'a', login: { user: 'bob' }, ...changes } };
  return resolveConfig({ file: '/alpy.yaml', raw, directory: '/' }).config.appliance;
}

async function logged(body: () => void): Promise<string> {
  const lines: string[] = [];
  await withSink(
    (event) => {
      if (event.kind === 'log') lines.push(event.text);
    },
    async () => {
      body();
      await Promise.resolve();
    },
  );
  return lines.join('\n');
}

test("commands of alpy's own go through appliance.become", () => {
  expect(ownCommand(appliance(), 'reboot')).toBe('reboot');
  expect(ownCommand(appliance({ become: 'sudo -n' }), "date -s 'now' || exit")).toBe(
    String.raw`sudo -n sh -c 'date -s '\''now'\'' || exit'`,
  );
});

describe('a clock that cannot be set', () => {
  const refusal = new CommandError('serial console', 'Set the clock', 1, "date: can't set date: Operation not permitted\n");

  test('is a warning that says what to do, if nothing was set', async () => {
    const text = await logged(() => clockSetting(appliance())?.judge?.(refusal));
    expect(text).toMatch(
      /^warning: the guest's clock cannot be set: exit status 1, date: can't set date: Operation not permitted/,
    );
    expect(text).toContain('set appliance.become (such as sudo -n) or appliance.clockCommand');
  });

  test.each([
    [{ clockCommand: 'rdate' }, 'appliance.clockCommand: '],
    [{ become: 'doas' }, 'appliance.become: '],
    [{ clockCommand: 'rdate', become: 'doas' }, 'appliance.clockCommand and appliance.become: '],
  ])('is an error of usage that names the keys of %j', (changes, beginning) => {
    const judge = (): void => clockSetting(appliance(changes))?.judge?.(refusal);
    expect(judge).toThrow(new RegExp(`^${beginning}the guest's clock cannot be set: .*Operation not permitted`));
    expect(judge).toThrow(expect.objectContaining({ code: 'ALPY_USAGE', fault: 'usage' }) as Error);
  });

  test('is of no interest if the command is empty', () => {
    expect(clockSetting(appliance({ clockCommand: '' }))).toBeUndefined();
  });
});

describe.skipIf(!canRun)('a command that ends the boot', () => {
  const never = (): LastCommand & { given: AbortSignal[] } => {
    const given: AbortSignal[] = [];
    const done = ({ signal }: { signal?: AbortSignal | undefined }): Promise<void> => {
      if (signal) given.push(signal);
      return new Promise(() => undefined);
    };
    return { key: 'rebootCommand', usual: 'reboot', done, given };
  };

  test.each<[string, Partial<Appliance>]>([
    ['as it is', { rebootCommand: 'echo must be superuser; exit 1' }],
    ['with become', { rebootCommand: 'true', become: 'echo must be superuser; false' }],
  ])('fails at once with its output when it is refused, %s', async (_how, changes) => {
    await using guest = await startShell('exec dash -i');
    const last = never();
    const error: unknown = await runLastCommand(appliance(changes), guest.shell, last, wait).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ALPY_COMMAND', fault: 'device', exitStatus: 1, output: 'must be superuser' });
    expect((error as Error).message).toContain('set appliance.become (such as sudo -n) or appliance.rebootCommand');
    expect(last.given[0]?.aborted).toBe(true); // nobody waits for the reboot any more
    expect((await guest.shell.run('echo works')).output).toBe('works');
  });

  test('is not refused because it was ended by what it has begun', async () => {
    await using guest = await startShell('exec dash -i');
    const reboot = Promise.withResolvers<undefined>();
    const run = guest.shell.run.bind(guest.shell);
    const shell = Object.assign(Object.create(guest.shell) as RemoteShell, {
      run: async (...given: Parameters<typeof run>) => {
        const result = await run(...given);
        reboot.resolve(undefined); // only now
        return result;
      },
    });
    const last = { key: 'rebootCommand', usual: 'reboot', done: () => reboot.promise } as const;
    await runLastCommand(appliance({ rebootCommand: 'exit 143' }), shell, last, wait);
  });
});

describe.skipIf(!canRun)('provisioning', () => {
  test('is bound by what is left of the boot, not by the limit of other commands', async () => {
    await using guest = await startShell('exec dash -i');
    const limits: number[] = [];
    const rest = (): { timeoutMs: number } => {
      limits.push(limits.length);
      return { timeoutMs: limits.length === 1 ? 20_000 : 100 };
    };
    const shell = RemoteShell.attach(guest.console, { timeoutMs: 200 });
    const run = provision(shell, ['sleep 0.5', 'sleep 60', 'echo never'], rest, 120_000);
    await expect(run).rejects.toMatchObject({
      fault: 'environment',
      message: expect.stringMatching(
        /^appliance\.provision did not end within appliance\.bootTimeoutMs \(120000 ms .*the end of command "sleep 60"/,
      ) as string,
    });
    expect(limits).toHaveLength(2);
  }, 30_000);
});
