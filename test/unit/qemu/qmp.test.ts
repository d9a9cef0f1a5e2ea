// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { QmpClosedError, QmpError, QmpProtocolError, QmpTimeoutError } from '../../../src/qemu/errors.ts';
import { QmpClient } from '../../../src/qemu/qmp.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';

const wait = { timeoutMs: 20_000 };

async function open(): Promise<{ qemu: FakeQemu; qmp: QmpClient }> {
  const qemu = new FakeQemu();
  return { qemu, qmp: await QmpClient.open(qemu.stream, wait) };
}

test('the version comes from the greeting, even if it arrives in pieces', async () => {
  const qemu = new FakeQemu({ greet: false });
  const opening = QmpClient.open(qemu.stream, wait);
  for (const piece of [
    '{"QMP": {"version": {"qemu": {"micro"',
    ': 13, "minor": 0, "major": 10}, "package": ""}, ',
    '"capabilities": []}}\r',
    '\n',
  ]) {
    qemu.raw(piece);
  }
  expect((await opening).version).toBe('10.0.13');
});

test('answers are matched to commands, in any order and with events in between', async () => {
  const { qemu, qmp } = await open();
  const events: string[] = [];
  qmp.onEvent(({ event }) => events.push(event));
  const first = qmp.execute('query-status');
  const second = qmp.execute('set_link', { name: 'net1', up: false });
  await Promise.all([qemu.next(), qemu.next()]);
  expect(qemu.commands.map(({ execute, arguments: args }) => [execute, args])).toEqual([
    ['query-status', undefined],
    ['set_link', { name: 'net1', up: false }],
  ]);
  const [one, two] = qemu.commands.map(({ id }) => id);
  qemu.send(
    { event: 'STOP', timestamp: { seconds: 1, microseconds: 2 } },
    { return: {}, id: two },
    { event: 'RESUME' },
    { return: { running: true }, id: one },
  );
  expect(await Promise.all([first, second])).toEqual([{ running: true }, {}]);
  expect(events).toEqual(['STOP', 'RESUME']);
});

test('an event has its data, and its time in microseconds', async () => {
  const { qemu, qmp } = await open();
  const awaited = qmp.waitForEvent(({ event, data }) => event === 'SHUTDOWN' && data['guest'] === true, wait);
  qemu.event('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' });
  qemu.event('SHUTDOWN', { guest: true, reason: 'guest-shutdown' }, 1_700_000_000_123.456);
  expect(await awaited).toEqual({
    event: 'SHUTDOWN',
    data: { guest: true, reason: 'guest-shutdown' },
    timeMs: 1_700_000_000_123.456,
  });
});

test('an error of QEMU has its class', async () => {
  const { qemu, qmp } = await open();
  const command = qmp.execute('device_del', { id: 'nope' });
  const { id } = await qemu.next();
  qemu.send({ error: { class: 'DeviceNotFound', desc: "Device 'nope' not found" }, id });
  await expect(command).rejects.toThrow(QmpError);
  await expect(command).rejects.toMatchObject({
    errorClass: 'DeviceNotFound',
    command: 'device_del',
    message: "QEMU refused device_del: Device 'nope' not found (DeviceNotFound)",
    fault: 'environment',
  });
});

test('when QEMU ends, pending and later calls fail', async () => {
  const { qemu, qmp } = await open();
  const command = qmp.execute('query-status');
  const event = qmp.waitForEvent('STOP', wait);
  await qemu.next();
  qemu.end();
  const closed = (awaited: string): object => ({ code: 'ALPY_QMP_CLOSED', fault: 'environment', awaited });
  await expect(command).rejects.toMatchObject(closed('the answer to query-status'));
  await expect(event).rejects.toMatchObject(closed('the event STOP'));
  await expect(qmp.execute('cont')).rejects.toMatchObject(closed('the answer to cont'));
  await expect(qmp.waitForEvent('STOP', wait)).rejects.toMatchObject(closed('the event STOP'));
  expect(await qmp.closed).toBeUndefined();
});

test('opening fails if QEMU ends before its greeting, or never sends it', async () => {
  const ended = new FakeQemu({ greet: false });
  const opening = QmpClient.open(ended.stream, wait);
  ended.end();
  await expect(opening).rejects.toThrow(QmpClosedError);
  const silent = new FakeQemu({ greet: false });
  await expect(QmpClient.open(silent.stream, { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'ALPY_QMP_TIMEOUT',
    fault: 'environment',
    awaited: "QEMU's greeting",
  });
});

test('deadlines and signals end waits; a late answer is ignored', async () => {
  const { qemu, qmp } = await open();
  await expect(qmp.execute('query-status', undefined, { timeoutMs: 20 })).rejects.toThrow(QmpTimeoutError);
  qemu.send({ return: {}, id: (await qemu.next()).id });
  await expect(qmp.waitForEvent('STOP', { timeoutMs: 20, awaited: 'it to stop' })).rejects.toMatchObject({
    message: 'QEMU: waited 20 ms for it to stop',
    fault: 'device',
  });
  const reason = new Error('the test is over');
  await expect(qmp.execute('cont', undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const again = qmp.execute('query-status');
  const { id } = await qemu.next();
  qemu.send({ return: 'fine', id });
  expect(await again).toBe('fine');
});

test('input that is not QMP ends the connection, and the error quotes it', async () => {
  for (const [garbage, message] of [
    ['hello\n', "expected JSON from QEMU's monitor, got: hello"],
    ['[1]\n', "expected QMP from QEMU's monitor, got: [1]"],
    ['{"error": {"class": "GenericError", "desc": "JSON parse error"}}\n', "QEMU's monitor: JSON parse error (GenericError)"],
  ] as const) {
    const { qemu, qmp } = await open();
    const command = qmp.execute('query-status');
    await qemu.next();
    qemu.raw(garbage);
    await expect(command).rejects.toMatchObject({ code: 'ALPY_QMP_CLOSED', cause: new QmpProtocolError(message) });
  }
});
