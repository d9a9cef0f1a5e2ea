// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { EnvironmentError } from '../../../src/core/errors.ts';
import { AppEndedError } from '../../../src/docker/index.ts';
import type { App } from '../../../src/network/index.ts';
import { checkServices } from '../../../src/session/services.ts';

function servicesWith(check: () => void): ReadonlyMap<string, App> {
  return new Map([['web', { checkAlive: check } as App]]);
}

test('a service that has ended is a usage error, with its output', () => {
  const exitStatus = { code: 1, signal: undefined, text: 'exit status 1' };
  const ended = {
    command: [],
    exitStatus,
    stdout: 'out of order\n',
    stderr: '',
    what: 'but the test needs it',
    blame: 'device',
  } as const;
  const check = (): void => {
    checkServices(
      servicesWith(() => {
        throw new AppEndedError('web@node0', ended);
      }),
    );
  };
  expect(check).toThrow(/^service web does not run any more; .*web@node0: the app ended with exit status 1[^]*out of order/);
  expect(check).toThrow(expect.objectContaining({ code: 'ALPY_SERVICE', fault: 'usage' }));
});

test('running services are fine, and other errors stay as they are', () => {
  checkServices(servicesWith(() => undefined));
  const daemon = new EnvironmentError('no daemon');
  expect(() => {
    checkServices(
      servicesWith(() => {
        throw daemon;
      }),
    );
  }).toThrow(daemon);
});
