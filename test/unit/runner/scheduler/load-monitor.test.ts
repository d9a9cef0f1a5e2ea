// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { LoadMonitor } from '../../../../src/runner/scheduler/load-monitor.ts';
import { parseLoad, readLoad } from '../../../../src/runner/scheduler/load.ts';
import { overloadOf, pressureBetween, type LoadSample } from '../../../../src/runner/scheduler/overload.ts';

/** Samples of ten seconds on two cores. */
function samples(change: (second: number) => Partial<LoadSample>): readonly LoadSample[] {
  return Array.from({ length: 11 }, (_, second) => ({
    atMs: second * 1000,
    waitedUs: 0,
    runnable: 1,
    ticks: { stolen: 0, all: second * 200 },
    lateMs: 0,
    ...change(second),
  }));
}

const pressed = (second: number): Partial<LoadSample> => ({ waitedUs: second * 950_000, runnable: 9 });

test.each<[string, (second: number) => Partial<LoadSample>]>([
  ['programs waited for a processor, and there were many of them', pressed],
  ['there were many, and the kernel does not record waits', () => ({ waitedUs: undefined, runnable: 9 })],
  ['the hypervisor gave the time to other machines', (second) => ({ ticks: { stolen: second * 60, all: second * 200 } })],
  ['alpy itself did not run for a while', (second) => ({ lateMs: second === 5 ? 3500 : 0 })],
])('the machine was overloaded: %s', (_, change) => {
  expect(overloadOf(samples(change), 2)).toHaveLength(change(1).waitedUs === undefined && 'waitedUs' in change(1) ? 3 : 4);
});

test.each<[string, (second: number) => Partial<LoadSample>]>([
  ['it was idle', () => ({})],
  ['one of a few programs always waited', (second) => ({ waitedUs: second * 1_000_000, runnable: 4 })],
  ['many programs ran, but none waited long', (second) => ({ waitedUs: second * 300_000, runnable: 9 })],
  ['samples came a little late', () => ({ lateMs: 60 })],
  ['nothing is known', () => ({ waitedUs: undefined, runnable: undefined, ticks: undefined })],
])('the machine was not overloaded: %s', (_, change) => {
  expect(overloadOf(samples(change), 2)).toBeUndefined();
});

test('the measurements are named', () => {
  expect(overloadOf(samples(pressed), 2)).toEqual([
    'programs waited for a processor 95 % of the time',
    '9.0 threads wanted to run at once, on 2 cores',
    'the hypervisor gave 0 % of the time to other machines',
    'alpy itself did not run when it wanted to for 0.0 of 10.0 s',
  ]);
});

test('the files of the kernel are understood, and missing ones', () => {
  const pressure = 'some avg10=1.00 avg60=0.50 avg300=0.10 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=99\n';
  const stat = 'cpu  10 1 20 300 5 0 2 7 100 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n';
  expect(parseLoad(pressure, '0.50 0.40 0.30 3/512 4711\n', stat)).toEqual({
    waitedUs: 1234,
    runnable: 3,
    ticks: { stolen: 7, all: 345 },
  });
  expect(parseLoad('', '', '')).toEqual({ waitedUs: undefined, runnable: undefined, ticks: undefined });
});

test('a machine without a measurement before the wait is not overloaded', async () => {
  using monitor = new LoadMonitor();
  const nowMs = performance.now();
  await expect(monitor.overloadBetween(nowMs + 60_000, nowMs + 61_000)).resolves.toBeUndefined();
});

test('a test is noted as slowed down if processes waited for a processor most of the time', async () => {
  const at = (atMs: number, waitedUs: number): { atMs: number; waitedUs: number } => ({ atMs, waitedUs });
  expect(pressureBetween(at(0, 0), at(1000, 790_000))).toBeUndefined();
  expect(pressureBetween(at(0, 5), at(1000, 900_005))).toBe('programs waited for a processor 90 % of the time');
  expect((await readLoad()).atMs).toBeGreaterThan(0);
});
