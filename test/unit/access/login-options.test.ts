// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { loginOptionsOf } from '../../../src/access/serial-shell/login-options.ts';
import { appliance } from './appliance.ts';

const login = { user: 'root' };

test('how long a refused log-in is retried depends on the age of the guest, and on how slow it is', () => {
  const retryMs = (ageMs: number, timeFactor: number, configured?: number): number | undefined =>
    loginOptionsOf(appliance({ login: configured === undefined ? login : { ...login, retryMs: configured } }), ageMs, timeFactor)
      ?.retryMs;
  expect(retryMs(10_000, 1)).toBe(50_000);
  expect(retryMs(10_000, 4)).toBe(230_000);
  expect(retryMs(10_000, 4, 5000)).toBe(10_000);
  expect(retryMs(10_000, 4, 0)).toBe(0);
});
