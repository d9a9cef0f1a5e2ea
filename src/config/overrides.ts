// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { UsageError } from '../core/errors.ts';
import { ApplianceOverrides } from './appliance-schema.ts';
import { describeProblems } from './problems.ts';
import { ConfigSchema } from './schema.ts';

const { topology, boot } = ConfigSchema.shape;
const OverridesSchema = z.strictObject({ appliance: ApplianceOverrides, topology, boot });

/** Values of the configuration that a test can override. */
export interface Overrides {
  readonly appliance: unknown;
  readonly topology: unknown;
  readonly boot: unknown;
}

/** Checks what a test overrides, like a configuration. @throws UsageError with all problems */
export function checkOverrides(overrides: Overrides): void {
  const { error } = OverridesSchema.safeParse(overrides);
  if (!error) return;
  const problems = describeProblems(error.issues, overrides, () => undefined);
  throw new UsageError(problems.map((problem) => `test.override: ${problem}`).join('\n'));
}
