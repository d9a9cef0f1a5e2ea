// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Runs tasks in parallel. When one fails, it aborts the others. All have ended when this returns or throws, so that no task
 * can create something after its caller has cleaned up.
 * @throws the error of the task that failed first
 */
export async function allOrAbort<T extends readonly unknown[]>(
  signal: AbortSignal | undefined,
  tasks: { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> },
): Promise<T> {
  const failed = new AbortController();
  const joined = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const results = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(joined);
      } catch (error) {
        failed.abort(error); // only the first counts
        throw error;
      }
    }),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
  return results.map((result) => (result.status === 'fulfilled' ? result.value : undefined)) as unknown as T;
}
