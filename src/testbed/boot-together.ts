// SPDX-License-Identifier: GPL-3.0-or-later
import { allOrAbort } from '../core/all-or-abort.ts';
import { raceWithSignal, type Wait } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import { step } from '../core/step.ts';
import type { Dut } from './dut.ts';

/**
 * Boots or resumes several guests. Their virtual CPUs start together: nothing else is done between the first one and the last one, and
 * whatever a guest needs after that comes later.
 * @throws what `Dut.boot` throws for the guest that fails first
 */
export async function bootTogether(duts: readonly Dut[], wait: Partial<Wait>): Promise<void> {
  const started = Promise.withResolvers<void>();
  markHandled(started.promise); // every guest that waits for it gets the error
  let prepared = 0;
  const start = async (signal: AbortSignal): Promise<void> => {
    prepared += 1;
    if (prepared === duts.length) startAll(duts).then(started.resolve, started.reject);
    await raceWithSignal(started.promise, signal);
  };
  await allOrAbort(
    wait.signal,
    duts.map((dut) => (signal: AbortSignal) => dut.bootAfter(() => start(signal), { ...wait, signal })),
  );
}

function startAll(duts: readonly Dut[]): Promise<void> {
  const names = duts.map(({ name }) => name).join(', ');
  return step('alpy.qemu', `Start the virtual CPUs of ${names}`, async () => {
    await Promise.all(duts.map(({ qmp }) => qmp.execute('cont')));
  });
}
