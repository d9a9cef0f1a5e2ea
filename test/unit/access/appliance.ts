// SPDX-License-Identifier: GPL-3.0-or-later
import { resolveConfig, type Appliance } from '../../../src/config/index.ts';

/** An appliance with `changes` in place of defaults. */
export function appliance(changes: Partial<Appliance> = {}): Appliance {
  const raw = { appliance: { image: 'a', login: { user: 'bob' }, ...changes } };
  return resolveConfig({ file: '/alpy.yaml', raw, directory: '/' }).config.devices[0].appliance;
}
