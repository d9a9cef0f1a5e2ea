// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/index.ts';
import { setUpAllowanceMs, testTimeoutMs } from '../../../src/runner/set-up-allowance.ts';

test('a test may take as long as all devices that boot one after the other', () => {
  const { config } = resolveConfig({
    file: '/p/alpy.yaml',
    raw: {
      appliances: { router: { image: 'a.qcow2', bootTimeoutMs: 60_000 }, firewall: { image: 'b.qcow2', bootTimeoutMs: 50_000 } },
      topology: { duts: { left: 'router', right: 'firewall' }, links: [['left:0', 'right:0']] },
      tests: { timeoutMs: 5000 },
    },
    directory: '/p',
  });
  expect(testTimeoutMs(config, 4, 1)).toBe((5000 + 60_000 + 50_000) * 4 + setUpAllowanceMs);
});
