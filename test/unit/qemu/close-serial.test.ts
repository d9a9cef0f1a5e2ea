// SPDX-License-Identifier: GPL-3.0-or-later
import { duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { closeSerial } from '../../../src/qemu/close-serial.ts';
import { QmpClosedError } from '../../../src/qemu/errors.ts';
import { QmpClient } from '../../../src/qemu/qmp.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';

async function connect(): Promise<{ readonly qemu: FakeQemu; readonly qmp: QmpClient }> {
  const qemu = new FakeQemu();
  return { qemu, qmp: await QmpClient.open(qemu.stream, { timeoutMs: 5000 }) };
}

test('QEMU gives the serial port another far end; the connection is left to it', async () => {
  const { qemu, qmp } = await connect();
  const [here] = duplexPair();
  const closed = closeSerial(qmp, here);
  const { id, ...command } = await qemu.next();
  expect(command).toMatchObject({ execute: 'chardev-change', arguments: { id: 'serial0', backend: { type: 'null' } } });
  qemu.send({ return: {}, id });
  await closed;
  expect(here.writableEnded).toBe(false);
  qmp.close();
});

test('if QEMU cannot change the serial port, it closes the connection in answer to the end of ours, after the last output', async () => {
  const { qemu, qmp } = await connect();
  const [here, there] = duplexPair();
  there.write('the last ');
  there.resume().on('end', () => there.end('output'));
  const received = text(here);
  const closed = closeSerial(qmp, here);
  const { id } = await qemu.next();
  qemu.send({ error: { class: 'GenericError', desc: 'Chardev user does not support chardev hotswap' }, id });
  await closed;
  expect(await received).toBe('the last output');
  qmp.close();
});

test('if QEMU has ended, it says so', async () => {
  const { qemu, qmp } = await connect();
  const [here] = duplexPair();
  const closed = closeSerial(qmp, here);
  qemu.end();
  await expect(closed).rejects.toBeInstanceOf(QmpClosedError);
  expect(here.writableEnded).toBe(false);
});
