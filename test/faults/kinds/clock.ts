// SPDX-License-Identifier: GPL-3.0-or-later
// The clock of the machine, as the processes of a run see it.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clockFile, clockVariable } from '../clock-file.ts';
import { phases } from '../phases.ts';
import type { FaultKind } from './kind.ts';

/** The clock is moved by up to so much, forwards or backwards, in `ms`. */
const longestStepMs = 12 * 3_600_000;
const preload = resolve(import.meta.dirname, '../clock-preload.ts');

/** Steps of the clock. */
export const clockKinds: readonly FaultKind[] = [
  {
    name: 'clock-step',
    phases,
    expected: { statuses: [] },
    harmless: 'time limits and durations do not depend on the clock',
    env: (directory) => ({ [clockVariable]: join(directory, clockFile), NODE_OPTIONS: `--import ${preload}` }),
    inject: ({ directory, detail }) => {
      writeFileSync(join(directory, clockFile), String(Math.round((2 * detail - 1) * longestStepMs)));
    },
  },
];
