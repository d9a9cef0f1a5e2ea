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

test('grants testbeds as long as there is memory; who asks for little does not overtake who asks for much', () => {
  const { granted, want } = open();
  const endA = want('a', testbed(600));
  want('b', testbed(500));
  want('c', testbed(100));
  expect(granted).toEqual(['a']);
  endA();
  expect(granted).toEqual(['a', 'b', 'c']);
});

test('grants so many testbeds at once, in the order in which they were asked for', () => {
  const { granted, want } = open();
  const endA = want('a', testbed(1));
  for (const name of ['b', 'c', 'd', 'e']) want(name, testbed(1));
  expect(granted).toEqual(['a', 'b', 'c']);
  endA();
  expect(granted).toEqual(['a', 'b', 'c', 'd']);
});

test('gives the machine to one alone, when all others have gone, and lets nobody in meanwhile', () => {
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

test('lets so many boot at once, those of one name after the other, and nobody waits for a name that is not theirs', () => {
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

test('a request that is taken back makes room for the next, and giving back twice does nothing', () => {
  const { granted, want } = open();
  const endA = want('a', testbed(1000));
  const endB = want('b', testbed(1000));
  want('c', testbed(1000));
  endB();
  endA();
  endA();
  expect(granted).toEqual(['a', 'c']);
});

test('refuses what the machine never has', () => {
  expect(() => open().want('a', testbed(1001))).toThrow('a testbed wants 1001 MiB, but the machine has 1000 MiB for all of them');
});
