// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createAccess, type Access, type Boot } from '../../../src/access/index.ts';
import type { Appliance } from '../../../src/config/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import { withSink, type StepEvent } from '../../../src/core/step.ts';
import { hasProgram, startGuest } from '../../unit/console/guest.ts';
import { appliance } from '../../unit/access/appliance.ts';

const wait = { timeoutMs: 20_000 };
const canRun = hasProgram('script') && hasProgram('dash');
const boot: Boot = { signal: new AbortController().signal, ageMs: 0, bootPosition: 0 };

/** An access to a guest whose console shows the prompt of dash. */
async function startDash(changes: Partial<Appliance>, device?: string): Promise<{ readonly access: Access } & AsyncDisposable> {
  const guest = startGuest('exec dash -i');
  const console = SerialConsole.open(guest.stream);
  await console.expect(/[#$] /, wait);
  await console.send('\n');
  return {
    access: createAccess({ name: 'right', appliance: appliance(changes), console, timeFactor: 1, device }),
    [Symbol.asyncDispose]: async () => {
      await console.close();
      await guest[Symbol.asyncDispose]();
    },
  };
}

function silent(changes: Partial<Appliance> = {}): { readonly access: Access; readonly serial: PassThrough } {
  const serial = new PassThrough();
  const console = SerialConsole.open(serial);
  return { access: createAccess({ name: 'right', appliance: appliance(changes), console, timeFactor: 1 }), serial };
}

describe.skipIf(!canRun)('a serial shell', () => {
  test('is ready when it is logged in and provisioned', async () => {
    await using guest = await startDash({ provision: ['echo provisioned > /dev/tty'] });
    await guest.access.ready(boot, wait);
    expect((await guest.access.shell.run('echo works')).output).toBe('works');
    guest.access.forget();
    expect(() => guest.access.shell).toThrow(expect.objectContaining({ code: 'ALPY_USAGE' }) as Error);
  }, 30_000);

  test.each([
    ['names one of several devices', 'right', ['Log in as bob on right', 'Run true on right']],
    ['does not name the only device', undefined, ['Log in as bob', 'Run true']],
  ])(
    '%s in its steps',
    async (_, device, titles) => {
      const begun: string[] = [];
      const keep = (event: StepEvent): void => {
        if (event.kind === 'begin') begun.push(event.title);
      };
      await using guest = await startDash({}, device);
      await withSink(keep, async () => {
        await guest.access.ready(boot, wait);
        await guest.access.shell.run('true');
      });
      expect(begun).toEqual(titles);
    },
    30_000,
  );

  test.each<[string, Partial<Appliance>]>([
    ['as it is', { rebootCommand: 'echo must be superuser; exit 1' }],
    ['with become', { rebootCommand: 'true', become: 'echo must be superuser; false' }],
  ])(
    'reports a reboot command that the device refuses, %s',
    async (_how, changes) => {
      await using guest = await startDash(changes);
      await guest.access.ready(boot, wait);
      const never = (): Promise<void> => Promise.withResolvers<void>().promise;
      await expect(guest.access.reboot(never, wait)).rejects.toMatchObject({
        code: 'ALPY_COMMAND',
        exitStatus: 1,
        message: expect.stringContaining('appliance.rebootCommand') as string,
      });
    },
    30_000,
  );
});

test('without a log-in there is nothing to get ready, no shell, and no command to power off', async () => {
  const { access } = silent({ login: undefined, powerOffCommand: 'poweroff' });
  await access.ready(boot, wait);
  expect(() => access.shell).toThrow('right: the test has not logged in');
  await expect(access.login(boot, wait)).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  expect(await access.powerOff(() => Promise.reject(new Error('awaited')), wait)).toBe(false);
});

test('a console that stayed silent gets a hint that names the console of the image', async () => {
  const { access, serial } = silent();
  expect(access.failureHints().join()).toMatch(/^nothing came on the serial port\..*console=ttyS0/);
  const read = once(serial, 'data');
  serial.write('BdsDxe: loading');
  await read;
  expect(access.failureHints()).toEqual([]);
});

test('a panic of Linux is a sign of death, up to the end of its line', () => {
  const [sign] = silent().access.deathSigns;
  const text = '[    1.0] Kernel panic - not syncing: sysrq triggered crash\r\n[    1.1] CPU: 0\r\n';
  expect(sign?.pattern.exec(text)?.[0]).toBe('Kernel panic - not syncing: sysrq triggered crash');
  expect(sign?.meaning).toBe('its kernel panicked');
});
