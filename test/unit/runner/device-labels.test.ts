// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { nameDevices } from '../../../src/runner/device-labels.ts';
import { TestCalls, withCalls } from '../../../src/runner/test-calls.ts';
import { trackAllCalls } from '../../../src/runner/track-calls.ts';
import { Dut } from '../../../src/testbed/index.ts';

trackAllCalls();

/** The errors of a test that does not await `pause()`. */
async function missingAwaits(names: readonly string[]): Promise<readonly unknown[]> {
  const qmp = { execute: () => Promise.withResolvers().promise };
  const duts = names.map((name) => Object.assign(Object.create(Dut.prototype) as Dut, { name, console: {}, qmp }));
  nameDevices(duts);
  const calls = new TestCalls('a test');
  await withCalls(calls, async () => {
    for (const dut of duts) void dut.pause();
    await Promise.resolve();
  });
  return calls.end(false);
}

test('messages about calls name each of several devices, and call the only one dut', async () => {
  expect(await missingAwaits(['left', 'right'])).toMatchObject([
    { message: 'left.pause() was still pending when the test ended: is an await missing?' },
    { message: /^right\.pause\(\) was/ },
  ]);
  expect(await missingAwaits(['router'])).toMatchObject([{ message: /^dut\.pause\(\) was/ }]);
});
