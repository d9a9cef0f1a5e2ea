// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test, vi } from 'vitest';
import { Scheduler, type Demand } from '../../../../src/runner/scheduler/scheduler.ts';

const testbed = (memoryMiB: number, exclusive = false): Demand => ({ kind: 'testbed', memoryMiB, exclusive });
const boot = (name?: string): Demand => ({ kind: 'boot', name });

/** Requests by name, and who was granted, in order. */
function open(): {
  readonly scheduler: Scheduler;
  readonly granted: string[];
  readonly want: (name: string, demand: Demand) => () => void;
} {
  const scheduler = new Scheduler({ testbeds: 3, memoryMiB: 1000, boots: 2 });
  const granted: string[] = [];
  return { scheduler, granted, want: (name, demand) => scheduler.request(demand, { grant: () => granted.push(name) }) };
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

describe('a spare testbed', () => {
  const spare = (memoryMiB: number): Demand => ({ kind: 'spare', memoryMiB });

  test('gets what is left, beside the limit on testbeds, and is refused at once if that is too little', () => {
    const { want, granted } = open();
    for (const name of ['a', 'b', 'c']) want(name, testbed(300));
    expect(() => want('large', spare(101))).toThrow('there is no room for a spare testbed');
    want('small', spare(100));
    expect(granted).toEqual(['a', 'b', 'c', 'small']);
  });

  test('is refused while a test waits or has the machine to itself', () => {
    const { want } = open();
    const endA = want('a', testbed(100));
    want('alone', testbed(100, true));
    expect(() => want('spare', spare(1))).toThrow('there is no room');
    endA();
    expect(() => want('spare', spare(1))).toThrow('there is no room');
  });

  test('is revoked once when a test needs its memory or the whole machine, which waits until it is released', () => {
    const { scheduler, want, granted } = open();
    const revoke = vi.fn();
    const endSpare = scheduler.request(spare(900), { grant: () => undefined, revoke });
    want('small', testbed(100));
    expect(revoke).not.toHaveBeenCalled();
    want('a', testbed(200));
    want('b', testbed(200));
    expect(revoke).toHaveBeenCalledOnce();
    expect(granted).toEqual(['small']);
    endSpare();
    expect(granted).toEqual(['small', 'a', 'b']);
  });

  test('is kept while a test waits for the end of another test', () => {
    const { scheduler, want } = open();
    const revoke = vi.fn();
    scheduler.request(spare(100), { grant: () => undefined, revoke });
    const endA = want('a', testbed(1));
    want('alone', testbed(1, true));
    expect(revoke).not.toHaveBeenCalled();
    endA();
    expect(revoke).toHaveBeenCalledOnce();
  });

  test('becomes the testbed of a test: its memory counts once', () => {
    const { scheduler, want, granted } = open();
    const revoke = vi.fn();
    const demand = spare(600);
    const endSpare = scheduler.request(demand, { grant: () => undefined, revoke });
    const endTest = scheduler.request(testbed(600), { grant: () => granted.push('test'), spare: demand });
    expect(granted).toEqual(['test']);
    endSpare();
    want('other', testbed(500));
    expect(granted).toEqual(['test']);
    endTest();
    expect(granted).toEqual(['test', 'other']);
    expect(revoke).not.toHaveBeenCalled();
  });
});
