// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Access, Boot, RemoteShell } from '../../../src/access/index.ts';
import { SerialConsole } from '../../../src/console/index.ts';
import type { Wait } from '../../../src/core/deadline.ts';
import { GuestClock, QmpClient } from '../../../src/qemu/index.ts';
import type { DutParts } from '../../../src/testbed/dut-parts.ts';
import { Dut } from '../../../src/testbed/dut.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';

const wait = { timeoutMs: 20_000 };
const shell = {} as RemoteShell;

/** Knows neither a console nor a shell: takes down what it is asked to do. */
class FakeAccess implements Access {
  readonly deathSigns = [];
  readonly shell = shell;
  readonly calls: (readonly [name: string, timeoutMs?: number])[] = [];
  readonly boots: Boot[] = [];
  failure: Error | undefined;
  canPowerOff = false;

  ready(boot: Boot, { timeoutMs }: Wait): Promise<void> {
    this.boots.push(boot);
    this.calls.push(['ready', timeoutMs]);
    return this.failure ? Promise.reject(this.failure) : Promise.resolve();
  }
  login(boot: Boot, { timeoutMs }: Wait): Promise<RemoteShell> {
    this.boots.push(boot);
    this.calls.push(['login', timeoutMs]);
    return Promise.resolve(shell);
  }
  resume(): void {
    this.calls.push(['resume']);
  }
  waitForClock(): Promise<void> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve();
  }
  forget(): void {
    this.calls.push(['forget']);
  }
  async reboot(done: (limits: Wait) => Promise<void>, limits: Wait): Promise<void> {
    this.calls.push(['reboot']);
    await done(limits);
  }
  async powerOff(done: (limits: Wait) => Promise<void>, limits: Wait): Promise<boolean> {
    if (this.canPowerOff) await done(limits);
    return this.canPowerOff;
  }
  failureHints(): readonly string[] {
    return ['is the cable plugged in?'];
  }
}

/** A DUT whose QEMU answers every command with nothing, and does what `onCommand` does. */
async function start(
  onCommand: (execute: string, qemu: FakeQemu) => void = () => undefined,
  isRestored = false,
): Promise<{ readonly dut: Dut; readonly access: FakeAccess; readonly qemu: FakeQemu }> {
  const qemu = new FakeQemu();
  const qmp = await QmpClient.open(qemu.stream, wait);
  void (async () => {
    for (;;) {
      const { execute, id } = await qemu.next();
      qemu.send({ return: execute === 'query-status' ? { running: false } : {}, id });
      onCommand(execute, qemu);
    }
  })();
  const access = new FakeAccess();
  const hypervisor = {
    qmp,
    scratchDirectory: '/qemu',
    closeSerial: () => Promise.resolve(),
  } as unknown as DutParts['hypervisor'];
  const dut = new Dut({
    name: 'rabbit',
    appliance: { bootTimeoutMs: 1000 },
    access,
    screenFile: '/run/screen.png',
    timeFactor: 4,
    hypervisor,
    console: SerialConsole.open(new PassThrough()),
    consoleEnded: Promise.resolve(),
    links: [],
    surroundings: { nodes: [], links: [] },
    clock: new GuestClock(),
    isRestored,
  });
  return { dut, access, qemu };
}

test('a boot gives the access one deadline for everything: bootTimeoutMs times the time factor', async () => {
  const { dut, access, qemu } = await start();
  await dut.boot();
  expect(access.calls).toEqual([['ready', 4000]]);
  expect(qemu.commands.map(({ execute }) => execute)).toEqual(['cont']);
  await dut.boot({ timeoutMs: 70 });
  expect(access.calls.at(-1)).toEqual(['ready', 70]);
  expect(dut.shell).toBe(shell);
});

test('a failed boot reports why, with the hints of the access', async () => {
  const { dut, access } = await start();
  access.failure = new Error('no answer');
  await expect(dut.boot()).rejects.toMatchObject({
    code: 'ALPY_BOOT',
    cause: access.failure,
    message: expect.stringMatching(/^rabbit did not boot: no answer\nis the cable plugged in\?/) as string,
  });
});

test('a guest from a snapshot resumes instead of booting; an error while its clock is set is a failed boot', async () => {
  const { dut, access } = await start(undefined, true);
  await dut.boot();
  expect(access.calls).toEqual([['resume']]);
  access.failure = new Error('no answer');
  await expect(dut.waitForClock()).rejects.toMatchObject({
    code: 'ALPY_BOOT',
    message: expect.stringMatching(/: its clock could not be set after it was restored: no answer$/) as string,
    cause: access.failure,
  });
});

test('a reboot drops the shell, then logs in to the new boot', async () => {
  const { dut, access, qemu } = await start();
  await dut.boot();
  const { signal } = access.boots[0]!;
  const rebooted = dut.reboot(wait);
  qemu.event('RESET', { guest: true, reason: 'guest-reset' });
  expect(await rebooted).toBe(shell);
  expect(access.calls.map(([name]) => name)).toEqual(['ready', 'reboot', 'forget', 'login']);
  expect(signal.aborted).toBe(true);
  expect(access.boots[1]?.signal.aborted).toBe(false);
  expect(dut.failure).toBeUndefined();
});

test.each([
  ['by a command of the access', true, []],
  ['by the power button if the access has no command', false, ['system_powerdown']],
])('the guest is powered down %s', async (_how, canPowerOff, commands) => {
  const { dut, access, qemu } = await start();
  access.canPowerOff = canPowerOff;
  const down = dut.powerDown(wait);
  qemu.event('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
  await down;
  expect(qemu.commands.map(({ execute }) => execute)).toEqual(commands);
  expect(dut.failure).toBeUndefined();
});

test('the reset button drops the shell, and a log-in waits until the guest is reset', async () => {
  const { dut, access } = await start((execute, qemu) => {
    if (execute === 'system_reset') qemu.event('RESET', { guest: false, reason: 'host-qmp-system-reset' });
  });
  const resetting = dut.reset();
  await dut.login();
  await resetting;
  expect(access.calls.map(([name]) => name)).toEqual(['forget', 'login']);
});

test('a power cut halts and resets the guest; nothing starts it but powerOn', async () => {
  const { dut, access, qemu } = await start((execute, fake) => {
    if (execute === 'system_reset') fake.event('RESET', { guest: false, reason: 'host-qmp-system-reset' });
  });
  await expect(dut.powerOn()).rejects.toMatchObject({
    code: 'ALPY_USAGE',
    message: 'expected rabbit to be without power, but dut.powerCut has not cut it',
  });
  await dut.powerCut();
  expect(access.calls.map(([name]) => name)).toEqual(['forget']);
  const noPower = {
    code: 'ALPY_USAGE',
    message:
      'expected rabbit to have power, but dut.powerCut has cut it: call dut.powerOn before (by hand: alpy dut rabbit power-on)',
  };
  for (const act of [() => dut.start(), () => dut.reset(), () => dut.powerCut()])
    await expect(act()).rejects.toMatchObject(noPower);
  expect(() => dut.shell).toThrow(expect.objectContaining(noPower) as Error);
  await dut.powerOn();
  expect(qemu.commands.map(({ execute }) => execute)).toEqual(['stop', 'query-status', 'system_reset', 'cont']);
});

test('`crash` fails if the guest does not panic when its NMI button is pressed', async () => {
  const { dut } = await start();
  await expect(dut.crash({ timeoutMs: 5 })).rejects.toMatchObject({
    code: 'ALPY_USAGE',
    message:
      'expected rabbit to panic within 0.005 s after its NMI button was pressed, but it did not. Linux panics only after this command: sysctl -w kernel.unknown_nmi_panic=1',
  });
  expect(dut.failure).toBeUndefined();
});

test('a guest that reports its panic to QEMU continues, so that it can reboot by itself', async () => {
  const { dut, qemu } = await start((execute, fake) => {
    if (execute === 'inject-nmi') fake.event('GUEST_PANICKED');
  });
  await dut.crash();
  expect(qemu.commands.map(({ execute }) => execute)).toEqual(['inject-nmi', 'query-status', 'cont']);
  expect(dut.failure).toBeUndefined();
});

test('a frozen guest that was halted before stays halted', async () => {
  const { dut, qemu } = await start();
  const frozen = await dut.freeze();
  await frozen[Symbol.asyncDispose]();
  expect(qemu.commands.map(({ execute }) => execute)).toEqual(['query-status', 'stop']);
});
