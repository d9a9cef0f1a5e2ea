// SPDX-License-Identifier: GPL-3.0-or-later
import { valueOf, type Variables } from '../core/variables.ts';

/**
 * Identifier of the CI job, which becomes the label `io.alpy.job` of every container: `ALPY_JOB_ID`, or in a GitLab job
 * `CI_JOB_ID`. Undefined if neither is set.
 */
export function jobIdOf(env: Variables): string | undefined {
  return valueOf(env, 'ALPY_JOB_ID') ?? valueOf(env, 'CI_JOB_ID');
}
