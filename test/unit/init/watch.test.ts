// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { judge, type Outcome } from '../../../src/init/watch.ts';

const at = (
  console: string,
  about: { screen?: readonly string[]; quietMs?: number; repeated?: string } = {},
): Outcome | undefined => judge({ console, screen: about.screen, quietMs: about.quietMs ?? 5000 }, about.repeated);

test.each([
  ['login', 'Debian GNU/Linux 13 debian ttyS0\r\n\r\ndebian login: '],
  ['shell', 'U-Boot 2025.01\r\n=> '],
  ['password', 'Password: '],
] as const)('a prompt counts once the console is quiet: %s', (prompt, text) => {
  expect(at(text)).toEqual({ kind: 'prompt', prompt, line: text.slice(text.lastIndexOf('\n') + 1) });
  expect(at(text, { quietMs: 500 })).toBeUndefined();
});

test('a prompt with a line of the kernel after it is found', () => {
  expect(at('host login: [   12.345678] random: crng init done\n')).toMatchObject({ prompt: 'login' });
});

test('any other line is a prompt if it comes again after Enter', () => {
  const menu = ' 8) Shell\n\nEnter an option: ';
  expect(at(menu)).toBeUndefined();
  expect(at(menu, { repeated: 'Enter an option: ' })).toEqual({ kind: 'prompt', prompt: 'unknown', line: 'Enter an option: ' });
  expect(at('', { repeated: '' })).toBeUndefined();
});

test.each([
  ['no-root', 'ALERT!  LABEL=root does not exist.  Dropping to a shell!\r\n(initramfs) '],
  ['no-root', 'Gave up waiting for root file system device.\n'],
  ['no-root', '[  130.1] dracut-initqueue[300]: Warning: dracut-initqueue: timeout, still waiting\n'],
  ['no-root', 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n'],
  ['no-root', 'Mounting from ufs:/dev/ada0p2 failed with error 19.\n'],
  ['no-root', 'rabbit: no disk has a file system labelled "rabbit"\n'],
  ['no-boot', 'BdsDxe: No bootable option or device was found.\n'],
  ['no-boot', 'UEFI Interactive Shell v2.2\r\nShell> '],
  ['no-boot', 'grub rescue> '],
  ['no-boot', 'This is not a bootable disk.  Please insert a bootable floppy and\n'], // what mkfs.fat writes
  ['no-memory', 'Kernel panic - not syncing: System is deadlocked on memory\n'],
  ['no-memory', 'Out of memory: Killed process 1 (init)\n'],
  ['panic', 'Kernel panic - not syncing: Attempted to kill init!\n'],
] as const)('a complaint is found on the console: %s', (trouble, text) => {
  expect(at(text, { quietMs: 0 })).toMatchObject({ kind: 'trouble', sign: { trouble } });
});

test('a complaint is found on the screen', () => {
  expect(at('', { screen: ['Booting from Hard Disk...', 'Boot failed: not a bootable disk', 'No bootable device.'] })).toEqual({
    kind: 'trouble',
    sign: { trouble: 'no-boot', line: 'Boot failed: not a bootable disk' },
  });
});

test('messages of a normal boot are no complaint', () => {
  const lines = [
    'BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM": Not Found',
    'Gave up waiting for suspend/resume device',
    'panic=30 quiet',
    'Last login: Fri Nov 27',
    'memory: 480M/512M available',
  ];
  expect(at(`${lines.join('\n')}\n`)).toBeUndefined();
});
