// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { bootTogether } from '../../../src/testbed/boot-together.ts';
import type { Dut } from '../../../src/testbed/dut.ts';

/** A device that notes what happens to it. */
function device(name: string, calls: string[], fails: 'before' | 'after' | 'never' = 'never'): Dut {
  return {
    name,
    qmp: {
      execute: (command: string) => {
        calls.push(`${command} ${name}`);
        return Promise.resolve();
      },
    },
    bootAfter: async (start: () => Promise<void>) => {
      if (fails === 'before') throw new Error(`${name} has a wrong condition`);
      await start();
      calls.push(`ready ${name}`);
      if (fails === 'after') throw new Error(`${name} did not boot`);
    },
  } as unknown as Dut;
}

test('all virtual CPUs start before anything else is done for one of the guests', async () => {
  const calls: string[] = [];
  await bootTogether(
    ['left', 'middle', 'right'].map((name) => device(name, calls)),
    {},
  );
  expect(calls).toEqual(['cont left', 'cont middle', 'cont right', 'ready left', 'ready middle', 'ready right']);
});

test('a guest that cannot even begin to boot keeps the others from starting', async () => {
  const calls: string[] = [];
  const duts = [device('left', calls), device('right', calls, 'before')];
  await expect(bootTogether(duts, {})).rejects.toThrow('right has a wrong condition');
  expect(calls).toEqual([]);
});

test('the error of the guest that fails first is thrown', async () => {
  const duts = [device('left', []), device('right', [], 'after')];
  await expect(bootTogether(duts, {})).rejects.toThrow('right did not boot');
});
