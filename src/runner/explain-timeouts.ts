// SPDX-License-Identifier: GPL-3.0-or-later
import { blameFor } from '../core/deadline.ts';
import { annotate, notesOf } from '../core/errors.ts';
import { hasMissedDeadline } from '../report/missed-deadline.ts';
import type { LoadMonitor } from './scheduler/load-monitor.ts';

/** An error of a test in Vitest's form. */
interface TestError {
  readonly message: string;
  readonly fault?: unknown;
  readonly cause?: unknown;
}

/** Whether Vitest's timeout ended the test. All other waits find out themselves whether the Docker daemon is to blame. */
export function isTestTimeout({ message }: TestError): boolean {
  return message.startsWith('Test timed out in ');
}

/**
 * Finds out whether something else than the device explains the missed deadlines of an attempt, and notes that in their errors: a
 * daemon that did not answer, or an overload of this machine during the wait.
 * @param startMs - when the attempt began, for waits of which no times are known
 * @returns whether something was found
 */
export async function explainTimeouts(
  errors: readonly TestError[],
  startMs: number,
  monitor: Pick<LoadMonitor, 'overloadBetween'>,
): Promise<boolean> {
  const late = errors.filter((error) => hasMissedDeadline(error) && error.fault !== 'usage' && error.fault !== 'bug');
  const explained = await Promise.all(
    late.map(async (error) => {
      const daemon = isTestTimeout(error) ? await blameFor(startMs) : undefined;
      if (daemon) annotate(error, { excuse: daemon.message });
      const [fromMs, toMs] = waitOf(error) ?? [startMs, performance.now()];
      const load = await monitor.overloadBetween(fromMs, toMs);
      if (load) annotate(error, { load });
      return daemon !== undefined || load !== undefined;
    }),
  );
  return explained.includes(true);
}

/** When the wait of an error, or of its cause, began and ended. */
function waitOf(error: unknown, depth = 0): readonly [from: number, to: number] | undefined {
  if (typeof error !== 'object' || error === null || depth > 10) return undefined;
  return notesOf(error).waitedMs ?? waitOf('cause' in error ? error.cause : undefined, depth + 1);
}
