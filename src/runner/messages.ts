// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import { makeRedactor } from '../core/redact.ts';
import { slashes } from '../core/text.ts';
import { errorReports, redactTest } from '../report/index.ts';
import { activityOf } from './activity.ts';
import { pauseOf } from './pause.ts';
import type { RunOptions } from './run-options.ts';
import type { MessageListener } from './test-workers.ts';

/** Passes on what workers report while tests run. */
export function messageListener({ directory, secrets, onActivity, pause }: RunOptions): MessageListener {
  const redact = makeRedactor(secrets);
  return (message) => {
    const activity = activityOf(message);
    if (activity) onActivity?.(activity);
    const found = pauseOf(message);
    if (found) {
      const { id, file, fullName, errors } = found.paused;
      const test = {
        id,
        name: fullName,
        fullName,
        file: slashes(relative(directory, file)),
        status: 'failed',
        durationMs: 0,
        errors: errors.flatMap((error) => errorReports(error, directory)),
        artifacts: [],
        steps: [],
      } as const;
      pause?.onPause(redactTest(test, redact), found.problem);
    }
    return activity !== undefined || found !== undefined;
  };
}
