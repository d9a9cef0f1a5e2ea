// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { EnvironmentError } from '../../../src/core/errors.ts';
import { LoginError } from '../../../src/access/index.ts';
import { ConsoleTimeoutError } from '../../../src/console/index.ts';
import { QmpClient } from '../../../src/qemu/index.ts';
import { explainFailedBoot, type FailedGuest } from '../../../src/testbed/failed-boot.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';
import { FakeVga } from '../../support/fake-vga.ts';

const late = new ConsoleTimeoutError('serial console', 'a login or shell prompt', 3000, '');

async function failed(
  vga: FakeVga,
  hints: readonly string[] = [],
): Promise<{ readonly guest: FailedGuest; readonly pictures: string[]; readonly qemu: FakeQemu }> {
  const qemu = new FakeQemu();
  const qmp = await QmpClient.open(qemu.stream, { timeoutMs: 5000 });
  void vga.serve(qemu);
  const pictures: string[] = [];
  const screenshot = (path: string): Promise<void> => {
    pictures.push(path);
    return Promise.resolve();
  };
  return { guest: { name: 'rabbit', qmp, hints, screenshot }, pictures, qemu };
}

test('a failed boot shows hints, the text of the screen, and where the picture of the screen is', async () => {
  const vga = new FakeVga(['SeaBIOS (version 1.16.3)', '', '\xc9\xcd\xbb \x01 GRUB', 'No bootable device.'], { start: 0x1234 });
  const { guest, pictures } = await failed(vga, ['nothing came on the serial port']);
  const error = await explainFailedBoot(guest, '/run/boot/screen.png', late);
  expect(error).toMatchObject({ code: 'ALPY_BOOT', fault: 'environment', cause: late });
  expect(error.message.split('\n')).toEqual([
    'rabbit did not boot: serial console: waited 3 s for a login or shell prompt. The console printed nothing at all',
    'nothing came on the serial port',
    'expected a disk, CD or network that the firmware can boot, got "No bootable device.". Try appliance.firmware: uefi (or bios), appliance.disk: ahci, or another image',
    'picture of the screen: /run/boot/screen.png',
  ]);
  expect(error).toMatchObject({
    details: [{ title: 'The screen', lines: ['SeaBIOS (version 1.16.3)', '╔═╗   GRUB', 'No bootable device.'] }],
  });
  expect(pictures).toEqual(['/run/boot/screen.png']);
  // the guest continues unchanged
  expect(vga.commands).toEqual(['query-status', 'stop', 'cont']);
  expect([...vga.index.values()]).toEqual([0x0f, 0x04]);
});

test('the message says if the screen is in graphic mode, or empty', async () => {
  const graphic = await failed(new FakeVga(['pixels'], { isGraphic: true }));
  const { message } = await explainFailedBoot(graphic.guest, '/run/screen.png', late);
  expect(message).toMatch(/\nthe screen is in graphic mode\npicture of the screen: \/run\/screen\.png$/);
  const empty = await failed(new FakeVga([]));
  expect((await explainFailedBoot(empty.guest, '/run/screen.png', late)).message).toContain('\nthe screen is empty\n');
});

test('a refused log-in stays the error, and the picture is still saved', async () => {
  const { guest, pictures } = await failed(new FakeVga(['login:']));
  const refused = new LoginError('serial console', 'root', 'refused', 'Login incorrect');
  expect(await explainFailedBoot(guest, '/run/screen.png', refused)).toBe(refused);
  expect(pictures).toHaveLength(1);
});

test('an error while the screen is read does not hide why the guest did not boot', async () => {
  const { guest, qemu } = await failed(new FakeVga([]));
  const blind = { ...guest, screenshot: () => Promise.reject(new EnvironmentError('no screen')) };
  expect((await explainFailedBoot(blind, '/run/screen.png', late)).message).toMatch(
    /^rabbit did not boot: .*\nthe screen is empty$/,
  );
  const closed = guest.qmp.closed;
  qemu.end();
  await closed;
  expect((await explainFailedBoot(guest, '/run/screen.png', late)).message).toMatch(/^rabbit did not boot: [^\n]*$/);
});

test('an abort ends the examination of the screen', async () => {
  const stop = new AbortController();
  const qemu = new FakeQemu(); // answers nothing
  const qmp = await QmpClient.open(qemu.stream, { timeoutMs: 5000 });
  const guest = { name: 'rabbit', qmp, hints: [], screenshot: () => Promise.withResolvers<void>().promise };
  const explained = explainFailedBoot(guest, '/run/screen.png', late, stop.signal);
  expect(await qemu.next()).toMatchObject({ execute: 'query-status' });
  stop.abort(new Error('stopped'));
  expect(await explained).toMatchObject({ code: 'ALPY_BOOT' });
});
