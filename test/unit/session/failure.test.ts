// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { LoginError } from '../../../src/access/index.ts';
import { DeviceError, EnvironmentError } from '../../../src/core/errors.ts';
import { startFailure } from '../../../src/session/failure.ts';
import { ServiceError } from '../../../src/session/errors.ts';
import { DiskImageError } from '../../../src/qemu/index.ts';
import { BootError } from '../../../src/testbed/index.ts';

test.each([
  ['a boot that the device fails', new BootError('no prompt', { cause: new DeviceError('x') }), 'boot'],
  ['a boot during which the daemon dies', new BootError('no prompt', { cause: new EnvironmentError('x') }), undefined],
  ['a disk image that cannot be used', new DiskImageError('disk.qcow2', 'x'), 'disk'],
  ['a refused log-in', new LoginError('console', 'admin', 'refused', ''), 'boot'],
  ['a service', new ServiceError('ended'), 'service'],
  ['a daemon that does not answer', new EnvironmentError('x'), undefined],
])('%s', (_, error, culprit) => {
  const { message, code, fault } = error;
  expect(startFailure(error)).toEqual({ message, code, fault, ...(culprit ? { culprit } : {}) });
});

test('a guest that ends while it boots is a failed boot, even if the tear-down fails too', () => {
  const boot = new BootError('powered itself off', { cause: new DeviceError('x') });
  const both = new SuppressedError(new Error('could not clean up'), new SuppressedError(new Error('nor this'), boot));
  expect(startFailure(both)).toEqual({
    message: 'powered itself off',
    code: 'ALPY_BOOT',
    fault: 'environment',
    culprit: 'boot',
  });
});

test("any error that is not alpy's is a bug", () => {
  expect(startFailure(new TypeError('x'))).toEqual({ message: 'x', code: 'ALPY_BUG', fault: 'bug' });
});
