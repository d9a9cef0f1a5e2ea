// SPDX-License-Identifier: GPL-3.0-or-later
import type { SerializedError } from 'vitest/node';
import type { ErrorReport } from '../report/index.ts';

/** How a worker died, as Vitest reports it. */
export interface WorkerDeath {
  /** Vitest's message */
  readonly message: string;
  /** `signal SIGKILL`, `exit code 7` */
  readonly how: string;
  /** its test files at that time */
  readonly files: readonly string[];
}

const deathMessage =
  /^Worker exited unexpectedly (?:with (?<how>.+?) )?during \w+ state(?: while running test files? (?<files>.*))?$/;

/** Parses an error of Vitest. Pure. @returns undefined if it is not about a dead worker */
export function workerDeath(error: Pick<SerializedError, 'message' | 'cause'>): WorkerDeath | undefined {
  for (const { message } of [error, (error.cause ?? {}) as Partial<SerializedError>]) {
    const groups = deathMessage.exec(message ?? '')?.groups;
    if (groups)
      return {
        message: message ?? '',
        how: groups['how'] ?? 'an unknown exit status',
        files: groups['files']?.split(', ') ?? [],
      };
  }
  return undefined;
}

/** Report of a test that was running when its worker died. Pure. */
export function deathReport({ how }: WorkerDeath): ErrorReport {
  const isKilled = how.includes('SIGKILL');
  const hint = isKilled ? '. Was there too little memory? alpy did not send that signal' : '';
  return {
    message: `the process that ran this test ended unexpectedly with ${how}${hint}`,
    code: 'ALPY_WORKER_DIED',
    ...(isKilled ? { fault: 'environment' } : {}), // otherwise the test's code may be the cause
  };
}
