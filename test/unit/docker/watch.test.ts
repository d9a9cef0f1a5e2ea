// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { DaemonWatch } from '../../../src/docker/watch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  return () => {
    vi.useRealTimers();
  };
});

/** A daemon that answers at once, unless it is frozen. */
function watched(lostMs = 60_000): { watch: DaemonWatch; freeze: () => void; thaw: () => Promise<void>; lost: string[] } {
  let frozen: PromiseWithResolvers<void> | undefined;
  const lost: string[] = [];
  const ping = (): Promise<void> => frozen?.promise ?? Promise.resolve();
  const watch = new DaemonWatch({ address: '/sock', ping }, { lostMs }, ({ message }) => lost.push(message));
  onTestFinished(() => {
    watch[Symbol.dispose]();
  });
  const freeze = (): void => {
    frozen = Promise.withResolvers();
  };
  const thaw = async (): Promise<void> => {
    frozen?.resolve();
    frozen = undefined;
    await vi.advanceTimersByTimeAsync(0);
  };
  return { watch, freeze, thaw, lost };
}

test('silence of the daemon for half of a wait explains a missed deadline, even if the daemon answers again', async () => {
  const { watch, freeze, thaw } = watched();
  await vi.advanceTimersByTimeAsync(10_000);
  const startMs = performance.now();
  expect(await watch.explain(startMs - 10_000)).toBeUndefined();
  freeze();
  await vi.advanceTimersByTimeAsync(5000); // asked after 1 s
  await thaw();
  expect((await watch.explain(startMs))?.message).toBe(
    'the Docker daemon at /sock did not answer for 4.0 s. Check its log, and whether its machine is overloaded',
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await watch.explain(startMs + 5000)).toBeUndefined(); // a later wait
});

test('a slow answer explains nothing', async () => {
  const { watch, freeze, thaw } = watched();
  const startMs = performance.now();
  freeze();
  await vi.advanceTimersByTimeAsync(1900);
  await thaw();
  await vi.advanceTimersByTimeAsync(8000);
  expect(await watch.explain(startMs)).toBeUndefined();
});

test('a daemon that is silent for too long counts as lost, once', async () => {
  const { watch, freeze, lost } = watched(5000);
  freeze();
  await vi.advanceTimersByTimeAsync(5500);
  expect(lost).toEqual([]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(lost).toEqual([expect.stringContaining('did not answer for 5.0 s')]);
  expect(watch).toBeDefined();
});

test('in a hurry, a silent daemon counts as lost sooner', async () => {
  const { watch, freeze, lost } = watched();
  freeze();
  await vi.advanceTimersByTimeAsync(30_000);
  watch.hurry(3000);
  expect(lost).toEqual([expect.stringContaining('did not answer for 29.0 s')]);
});
