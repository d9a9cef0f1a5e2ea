// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../core/errors.ts';
import { applianceProblems } from './appliance-checks.ts';
import { withAbsolutePaths } from './appliance-paths.ts';
import { ApplianceOverrides, combinationProblems } from './appliance-schema.ts';
import { describeProblems } from './problems.ts';
import { ConfigSchema, type Appliance } from './schema.ts';

const { topology, boot } = ConfigSchema.shape;
const OverridesSchema = z.strictObject({ appliance: ApplianceOverrides, topology, boot });

/** Values of the configuration that a test can override. */
export interface Overrides {
  readonly appliance: unknown;
  readonly topology: unknown;
  readonly boot: unknown;
}

/**
 * The appliance of a test: that of the configuration, with what the test overrides. Pure.
 * @param root - folder of the configuration, to which the paths of a test are relative, too
 * @param isFile - whether a path is that of a file
 */
export function overridden(
  appliance: Appliance,
  overrides: Partial<Appliance>,
  root: string,
  isFile: (path: string) => boolean,
): Appliance {
  return withAbsolutePaths({ ...appliance, ...overrides }, (_key, path) => resolve(root, path), isFile);
}

/** Checks the appliance that a test has after its overrides. @throws UsageError with all values that do not go together */
export function assertAppliance(appliance: Appliance, links: number): void {
  const issues = combinationProblems(appliance).map(({ path, expected }) => {
    return { code: 'custom' as const, path: ['appliance', ...path], message: expected, input: appliance };
  });
  const problems = [...describeProblems(issues, { appliance }, () => undefined), ...applianceProblems(appliance, links)];
  if (problems.length > 0) throw new UsageError(problems.map((problem) => `test.override: ${problem}`).join('\n'));
}

/** Checks what a test overrides, like a configuration. @throws UsageError with all problems */
export function checkOverrides(overrides: Overrides): void {
  const { error } = OverridesSchema.safeParse(overrides);
  if (!error) return;
  const problems = describeProblems(error.issues, overrides, () => undefined);
  throw new UsageError(problems.map((problem) => `test.override: ${problem}`).join('\n'));
}
