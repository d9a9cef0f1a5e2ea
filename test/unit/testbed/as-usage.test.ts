// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { EnvironmentError } from '../../../src/core/errors.ts';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { ExecError } from '../../../src/docker/index.ts';
import { asUsage } from '../../../src/testbed/as-usage.ts';

const refused = (stderr: string) => new ExecError('node0', ['ip'], exitStatusOf(2), '', stderr, 'usage');

test('what the kernel refuses is a mistake of the configuration, and the error names the key and what it should be', () => {
  const cause = refused('Error: Device can not be enslaved.\n');
  let caught: unknown;
  try {
    asUsage('topology.nodes.node0.bond', 'a bond')(cause);
  } catch (error) {
    caught = error;
  }
  expect(caught).toMatchObject({
    fault: 'usage',
    cause,
    message:
      'topology.nodes.node0.bond: expected a bond that the kernel accepts, but it refused a value: Error: Device can not be enslaved. Correct it',
  });
});

test('any other error stays as it is', () => {
  const other = new EnvironmentError('gone');
  expect(() => asUsage('topology.nodes.node0', 'values')(other)).toThrow(other);
  const missing = refused('Error: Unknown device type.\n'); // a kernel without bonding: the fault of the environment
  expect(missing.fault).toBe('environment');
  expect(() => asUsage('topology.nodes.node0', 'values')(missing)).toThrow(missing);
});
