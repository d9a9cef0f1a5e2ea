// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { QmpClient } from '../../../src/qemu/qmp.ts';
import { loadState, saveState } from '../../../src/qemu/state.ts';
import { FakeQemu } from '../../support/fake-qemu.ts';

const wait = { timeoutMs: 20_000 };
const capabilities = ['events', 'x-ignore-shared'].map((capability) => ({ capability, state: true }));

async function open(major = 10): Promise<{ readonly qemu: FakeQemu; readonly qmp: QmpClient }> {
  const qemu = new FakeQemu({ greet: false });
  qemu.send({ QMP: { version: { qemu: { major, minor: 2, micro: 0 }, package: '' }, capabilities: [] } });
  return { qemu, qmp: await QmpClient.open(qemu.stream, wait) };
}

/** Answers the next commands; gives what was sent. */
async function answer(qemu: FakeQemu, count: number): Promise<readonly (readonly [string, unknown])[]> {
  const sent: [string, unknown][] = [];
  for (let at = 0; at < count; at += 1) {
    const { execute, arguments: args, id } = await qemu.next();
    sent.push([execute, args]);
    qemu.send({ return: {}, id });
  }
  return sent;
}

test('saves the state without the memory, without a speed limit, and waits until QEMU has completed it', async () => {
  const { qemu, qmp } = await open();
  const saved = saveState(qmp, '/s/state', wait);
  expect(await answer(qemu, 3)).toEqual([
    ['migrate-set-capabilities', { capabilities }],
    ['migrate-set-parameters', { 'max-bandwidth': 2 ** 40 }],
    ['migrate', { uri: 'file:/s/state' }],
  ]);
  for (const status of ['setup', 'active', 'completed']) qemu.event('MIGRATION', { status });
  await saved;
});

test('loads the state without announcements on the links', async () => {
  const { qemu, qmp } = await open();
  const loaded = loadState(qmp, '/s/state', wait);
  expect(await answer(qemu, 3)).toEqual([
    ['migrate-set-capabilities', { capabilities }],
    ['migrate-set-parameters', { 'announce-rounds': 0 }],
    ['migrate-incoming', { uri: 'file:/s/state' }],
  ]);
  qemu.event('MIGRATION', { status: 'completed' });
  await loaded;
});

test('QEMU before 8.2 saves and loads through cat', async () => {
  const { qemu, qmp } = await open(7);
  const saved = saveState(qmp, '/s/state', wait);
  expect((await answer(qemu, 3)).at(-1)).toEqual(['migrate', { uri: "exec:cat > '/s/state'" }]);
  qemu.event('MIGRATION', { status: 'completed' });
  await saved;
});

test('a failure has its reason; the end of QEMU and a missing answer are other errors', async () => {
  const { qemu, qmp } = await open();
  const failed = saveState(qmp, '/s/state', wait);
  await answer(qemu, 3);
  qemu.event('MIGRATION', { status: 'failed' });
  const { id } = await qemu.next();
  qemu.send({ return: { status: 'failed', 'error-desc': 'No space left' }, id });
  await expect(failed).rejects.toMatchObject({
    code: 'ALPY_QMP',
    command: 'migrate',
    message: expect.stringContaining('No space left') as string,
  });

  const silent = loadState(qmp, '/s/state', { timeoutMs: 50 });
  await answer(qemu, 3);
  await expect(silent).rejects.toMatchObject({ code: 'ALPY_QMP_TIMEOUT', awaited: 'the end of migrate-incoming' });

  const ended = loadState(qmp, '/s/state', wait);
  await answer(qemu, 3);
  qemu.end();
  await expect(ended).rejects.toMatchObject({ code: 'ALPY_QMP_CLOSED' });
});
