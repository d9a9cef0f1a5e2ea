// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { Scheduler, type Demand } from '../../../../src/runner/scheduler/scheduler.ts';

const testbed = (memoryMiB: number, exclusive = false): Demand => ({ kind: 'testbed', memoryMiB, exclusive });
const boot = (name?: string): Demand => ({ kind: 'boot', name });

/** Requests by name, and who was granted, in order. */
function open(): { readonly granted: string[]; readonly want: (name: string, demand: Demand) => () => void } {
  const scheduler = new Scheduler({ testbeds: 3, memoryMiB: 1000, boots: 2 });
  const granted: string[] = [];
  return { granted, want: (name, demand) => scheduler.request(demand, () => granted.push(name)) };
}

test('grants testbeds while there is memory; a small request does not overtake a large one', () => {
  const { granted, want } = open();
  const endA = want('a', testbed(600));
  want('b', testbed(500));
  want('c', testbed(100));
  expect(granted).toEqual(['a']);
  endA();
  expect(granted).toEqual(['a', 'b', 'c']);
});

test('grants a limited number of testbeds at once, in the order of the requests', () => {
  const { granted, want } = open();
  const endA = want('a', testbed(1));
  for (const name of ['b', 'c', 'd', 'e']) want(name, testbed(1));
  expect(granted).toEqual(['a', 'b', 'c']);
  endA();
  expect(granted).toEqual(['a', 'b', 'c', 'd']);
});

test('grants an exclusive request when all testbeds are gone, and no other one until then', () => {
  const { granted, want } = open();
  const endA = want('a', testbed(100));
  const endAlone = want('alone', testbed(100, true));
  want('b', testbed(100));
  expect(granted).toEqual(['a']);
  endA();
  expect(granted).toEqual(['a', 'alone']);
  endAlone();
  expect(granted).toEqual(['a', 'alone', 'b']);
});

test('grants a limited number of boots at once, one per name; other names do not wait', () => {
  const { granted, want } = open();
  const endA = want('a', boot('key'));
  want('b', boot('key'));
  const endC = want('c', boot('other'));
  want('d', boot());
  want('e', testbed(1000)); // testbeds do not wait for boots
  expect(granted).toEqual(['a', 'c', 'e']);
  endC();
  expect(granted).toEqual(['a', 'c', 'e', 'd']);
  endA();
  expect(granted).toEqual(['a', 'c', 'e', 'd', 'b']);
});

test('a cancelled request makes room for the next, and a second release does nothing', () => {
  const { granted, want } = open();
  const endA = want('a', testbed(1000));
  const endB = want('b', testbed(1000));
  want('c', testbed(1000));
  endB();
  endA();
  endA();
  expect(granted).toEqual(['a', 'c']);
});

test('refuses what the machine can never provide', () => {
  expect(() => open().want('a', testbed(1001))).toThrow('a testbed wants 1001 MiB, but the run has 1000 MiB for all of them');
});
