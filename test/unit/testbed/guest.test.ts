// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { SerialConsole } from '../../../src/console/index.ts';
import { QmpClient } from '../../../src/qemu/index.ts';
import { Guest } from '../../../src/testbed/guest.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';

const wait = { timeoutMs: 20_000 };
const deathSigns = [{ pattern: /Guru Meditation #\d+/, meaning: 'its system crashed' }];

async function start(): Promise<{
  qemu: FakeQemu;
  guest: Guest;
  console: SerialConsole;
  print: (text: string) => Promise<void>;
}> {
  const qemu = new FakeQemu();
  const serial = new PassThrough();
  const console = SerialConsole.open(serial);
  const guest = new Guest({
    name: 'rabbit',
    qmp: await QmpClient.open(qemu.stream, wait),
    console,
    deathSigns,
    isRestored: false,
  });
  const print = async (text: string): Promise<void> => {
    const read = once(serial, 'data');
    serial.write(text);
    await read;
  };
  return { qemu, guest, console, print };
}

const powerOff = (qemu: FakeQemu): void => {
  qemu.event('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
};
const reset = (qemu: FakeQemu): void => {
  qemu.event('RESET', { guest: true, reason: 'guest-reset' });
};

test('an unexpected end is a failure of the guest, and ends what waits for the guest', async () => {
  const { qemu, guest, print } = await start();
  await print('last words');
  const lost = once(guest.signal, 'abort');
  const { signal } = guest;
  powerOff(qemu);
  await lost;
  expect(signal.reason).toBe(guest.failure);
  expect(guest.failure).toMatchObject({
    code: 'ALPY_GUEST_LOST',
    fault: 'device',
    message: 'rabbit: the guest powered itself off in the middle of the test',
    details: [{ title: 'Last lines of the console', lines: ['last words'] }],
  });
});

test('a wait for an end fails when QEMU ends instead', async () => {
  const { qemu, guest } = await start();
  const awaited = guest.waitFor('reset', { timeoutMs: 60_000 });
  qemu.end();
  await expect(awaited).rejects.toMatchObject({
    code: 'ALPY_QMP_CLOSED',
    awaited: 'rabbit to reboot',
  });
});

test('the reset button ends what waits for the guest, and is not a failure', async () => {
  const { guest } = await start();
  const { signal } = guest;
  guest.expectReset();
  expect(signal.reason).toMatchObject({ code: 'ALPY_GUEST_LOST', ending: 'reset' });
  expect(guest.signal.aborted).toBe(false); // of the boot that comes
  expect(guest.failure).toBeUndefined();
});

test('an end that is awaited, even afterwards, is not a failure', async () => {
  const { qemu, guest } = await start();
  const awaited = guest.waitFor('shutdown', wait);
  powerOff(qemu);
  await awaited;
  expect(guest.failure).toBeUndefined();

  const lost = once(guest.signal, 'abort');
  powerOff(qemu);
  await lost;
  expect(guest.failure).toBeDefined();
  await guest.waitFor('shutdown', wait);
  expect(guest.failure).toBeUndefined();
});

test('the end of QEMU is not an end of the guest', async () => {
  const { qemu, guest } = await start();
  const seen = guest.waitFor('reset', wait);
  qemu.event('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' });
  reset(qemu); // comes after it
  await seen;
  expect(guest.failure).toBeUndefined();
});

test('several resets before the guest prints anything are one reboot', async () => {
  const { qemu, guest, print } = await start();
  const rebooted = guest.waitFor('reset', wait);
  reset(qemu);
  await rebooted;
  const { signal } = guest;
  reset(qemu);
  qemu.event('RESUME');
  await print('booting\n');
  expect(signal.aborted).toBe(false);
  expect(guest.failure).toBeUndefined();
  const lost = once(guest.signal, 'abort');
  reset(qemu);
  await lost;
  expect(guest.failure).toMatchObject({ code: 'ALPY_GUEST_LOST', ending: 'reset' });
});

test('a reset by the firmware after the reset button belongs to the same reboot', async () => {
  const { qemu, guest, print } = await start();
  await print('running\n');
  qemu.event('RESET', { guest: false, reason: 'host-qmp-system-reset' });
  reset(qemu);
  await print('booting\n');
  expect(guest.failure).toBeUndefined();
});

test('a sign of death is found on the console, also if it comes in pieces, and ends every wait', async () => {
  const { guest, print } = await start();
  const waiting = guest.waitFor('shutdown', wait);
  const { signal } = guest;
  await print('[    1.0] Guru Medi');
  await print('tation #00');
  expect(signal.aborted).toBe(false);
  await print('3\r\n');
  await expect(waiting).rejects.toThrow('rabbit: its system crashed: Guru Meditation #003');
  expect(signal.aborted).toBe(true);
  expect(guest.signal.aborted).toBe(true);
  await expect(guest.waitFor('reset', wait)).rejects.toMatchObject({ code: 'ALPY_GUEST_LOST', ending: 'panic' });
});

test('a panic that the guest reports to QEMU is a failure', async () => {
  const { qemu, guest } = await start();
  const lost = once(guest.signal, 'abort');
  qemu.event('GUEST_PANICKED', { action: 'pause' });
  await lost;
  expect(guest.failure?.message).toMatch(/^rabbit: its kernel panicked \(as it reported to QEMU\)/);
});

describe('a disk that QEMU cannot use', () => {
  const full = { device: 'disk0', operation: 'write', action: 'stop', nospace: true, reason: 'No space left on device' };

  test('is the fault of the machine, names the error, and ends every wait', async () => {
    const { qemu, guest } = await start();
    const waiting = guest.waitFor('shutdown', wait);
    const { signal } = guest;
    qemu.event('BLOCK_IO_ERROR', full);
    const error = {
      code: 'ALPY_DISK_IO',
      fault: 'environment',
      message:
        'rabbit: QEMU could not write the disk disk0: No space left on device. QEMU has stopped the guest; free some space where Docker keeps its data (docker info: Docker Root Dir) and where snapshots are kept',
    };
    await expect(waiting).rejects.toMatchObject(error);
    expect(guest.failure).toMatchObject(error);
    expect(signal.reason).toBe(guest.failure);
    expect(guest.signal.aborted).toBe(true);
  });

  test('stays the reason, whatever the guest does next', async () => {
    const { qemu, guest } = await start();
    const { signal } = guest;
    const lost = once(signal, 'abort');
    qemu.event('BLOCK_IO_ERROR', { ...full, nospace: false, reason: 'Input/output error', operation: 'read' });
    qemu.event('GUEST_PANICKED', { action: 'pause' });
    await lost;
    expect(guest.failure).toMatchObject({
      code: 'ALPY_DISK_IO',
      message: /^rabbit: QEMU could not read the disk disk0: Input\/output error\./,
    });
  });

  test('is not a failure if the user added it and its errors go to the guest', async () => {
    const { qemu, guest } = await start();
    const { signal } = guest;
    qemu.event('BLOCK_IO_ERROR', {
      device: 'bad',
      operation: 'read',
      action: 'report',
      nospace: false,
      reason: 'Input/output error',
    });
    const seen = guest.waitFor('reset', wait);
    reset(qemu); // comes after it
    await seen;
    expect(guest.failure).toBeUndefined();
    expect(signal.reason).not.toMatchObject({ code: 'ALPY_DISK_IO' });
  });
});

test('the age of a guest counts from its start and from each reset; from a snapshot it is infinite', async () => {
  const { qemu, guest, console, print } = await start();
  expect(guest.ageMs).toBe(0);
  const began = performance.now();
  qemu.event('RESUME');
  await expect.poll(() => guest.ageMs, { timeout: 4000 }).toBeGreaterThan(0);
  await print('rabbit:~# ');
  const { ageMs } = guest;
  expect(ageMs).toBeLessThanOrEqual(performance.now() - began);
  expect(guest.bootPosition).toBe(0);
  qemu.event('RESUME'); // after a pause
  expect(guest.ageMs).toBeGreaterThanOrEqual(ageMs);

  const rebooted = guest.waitFor('reset', wait);
  reset(qemu);
  await rebooted;
  await print('GRUB');
  expect(guest.bootPosition).toBe('rabbit:~# '.length);
  console.discard(guest.bootPosition);
  expect((await console.expect('GRUB', wait)).before).toBe('');

  const restored = new Guest({
    name: 'rabbit',
    qmp: await QmpClient.open(new FakeQemu().stream, wait),
    console,
    deathSigns,
    isRestored: true,
  });
  expect(restored.ageMs).toBe(Infinity);
});

test('a wait has a deadline', async () => {
  const { guest } = await start();
  await expect(guest.waitFor('shutdown', { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'ALPY_QMP_TIMEOUT',
    fault: 'device',
    awaited: 'rabbit to power off',
  });
  await expect(guest.waitFor('reset', { timeoutMs: 20 })).rejects.toMatchObject({ awaited: 'rabbit to reboot' });
});

test('a panic that is awaited is not a failure, although it has several signs; one after the next boot is', async () => {
  const { qemu, guest, print } = await start();
  const panicked = guest.waitFor('panic', wait);
  const { signal } = guest;
  await print('Guru Meditation #1\n');
  await panicked;
  qemu.event('GUEST_PANICKED');
  reset(qemu);
  await guest.waitFor('reset', wait); // it reboots by itself
  expect(signal.reason).toMatchObject({ ending: 'panic' });
  expect(guest.failure).toBeUndefined();
  await print('Guru Meditation #2\n');
  expect(guest.failure).toMatchObject({ ending: 'panic' });
});
