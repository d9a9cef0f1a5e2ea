// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../../core/errors.ts';
import { capabilityName, checkCapabilities, defaultCapabilities } from '../../../docker/index.ts';
import type { Job } from '../job.ts';
import type { Settings } from '../settings.ts';

/** Variable of a job with the capabilities that its scripts and services need besides the usual ones; blanks or commas separate them. */
const variable = 'ALPY_CAPABILITIES';

/**
 * The capabilities of a job's scripts and services that have to be added to those of every network program.
 * @throws UsageError if the job asks for one that the administrator does not allow, or that nobody may have
 */
export function capabilitiesOf({ variables }: Pick<Job, 'variables'>, { limits, file }: Settings): readonly string[] {
  const asked = (variables[variable] ?? '').split(/[\s,]+/).filter((text) => text !== '');
  const names = checkCapabilities(asked);
  const allowed = [...defaultCapabilities, ...limits.capabilities.map(capabilityName)];
  const excess = names.filter((name) => !allowed.includes(name));
  if (excess.length > 0)
    throw new UsageError(
      `${variable}: this runner does not allow ${excess.join(', ')}. It allows: ${allowed.join(', ')} (limits.capabilities in ${file})`,
    );
  return [...new Set([...defaultCapabilities, ...names])];
}
