// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { QmpError } from '../../../src/qemu/errors.ts';
import { NicFilter } from '../../../src/qemu/relay/nic-filter.ts';
import { fakeMachine } from '../../support/filter-place.ts';

const queues = [{ queue: 'rx', settings: { lossPercent: 1 }, seed: 1 }] as const;

test.each([
  ['chardev-add', ['chardev-add', 'chardev-remove']],
  ['object-add', ['chardev-add', 'chardev-add', 'object-add', 'object-del', 'chardev-remove', 'chardev-remove']],
])('leaves nothing behind if it is stopped while QEMU obeys %s', async (last, expected) => {
  const stop = new AbortController();
  const { place, commands } = fakeMachine((command, _args, wait) => {
    if (command === last) stop.abort(new Error('stopped'));
    wait?.signal?.throwIfAborted(); // as the monitor does: QEMU obeys nevertheless
    return Promise.resolve({});
  });
  const inserted = NicFilter.insert(place, 'net0', queues, { timeoutMs: 5000, signal: stop.signal });
  await expect(inserted).rejects.toThrow('stopped');
  expect(commands).toEqual(expected);
});

test('frames take the direct way until a filter is switched on', async () => {
  const states: unknown[] = [];
  const { place } = fakeMachine((command, args) => {
    if (command === 'object-add') states.push((args as { status: string }).status);
    if (command === 'qom-set') states.push((args as { value: string }).value);
    return Promise.resolve({});
  });
  const filter = await NicFilter.insert(place, 'net0', queues, { timeoutMs: 5000 }, false);
  await filter.switchOn();
  expect(states).toEqual(['off', 'on']);
});

test('does not remove what QEMU has refused to add', async () => {
  const refusal = new QmpError('object-add', 'GenericError', 'no such netdev');
  const { place, commands } = fakeMachine((command) =>
    command === 'object-add' ? Promise.reject(refusal) : Promise.resolve({}),
  );
  await expect(NicFilter.insert(place, 'net0', queues, { timeoutMs: 5000 })).rejects.toBe(refusal);
  expect(commands).toEqual(['chardev-add', 'chardev-add', 'object-add', 'chardev-remove', 'chardev-remove']);
});
