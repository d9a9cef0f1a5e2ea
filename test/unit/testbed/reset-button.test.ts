// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { SerialConsole } from '../../../src/console/index.ts';
import { QmpClient } from '../../../src/qemu/index.ts';
import { pressReset } from '../../../src/testbed/reset-button.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';

const wait = { timeoutMs: 4000 };

test.each([
  [true, ['query-status', 'stop', 'system_reset', 'cont']],
  [false, ['query-status', 'system_reset']],
])('a reset discards earlier output, and a guest runs afterwards only if it ran before (%s)', async (running, commands) => {
  const qemu = new FakeQemu();
  const qmp = await QmpClient.open(qemu.stream, wait);
  const serial = new PassThrough();
  const console = SerialConsole.open(serial);
  serial.write('rabbit:~# ');
  const resetting = pressReset('rabbit', qmp, console, wait);
  const seen: string[] = [];
  while (seen.length < commands.length) {
    const { execute, id } = await qemu.next();
    seen.push(execute);
    if (execute === 'stop' || (execute === 'query-status' && !running)) serial.write('late output\r\nrabbit:~# ');
    qemu.send({ return: execute === 'query-status' ? { running } : {}, id });
    if (execute !== 'system_reset') continue;
    serial.write('SeaBIOS\r\n');
    qemu.event('RESET', { guest: false, reason: 'host-qmp-system-reset' });
  }
  await resetting;
  expect(seen).toEqual(commands);
  expect((await console.expect('SeaBIOS', wait)).before).toBe('');
});
