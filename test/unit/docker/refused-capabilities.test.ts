// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { checkCapabilities } from '../../../src/docker/refused-capabilities.ts';

test('capabilities may be written in small letters and with CAP_', () => {
  expect(checkCapabilities(['net_admin', 'CAP_NET_RAW', ' Sys_Nice '])).toEqual(['NET_ADMIN', 'NET_RAW', 'SYS_NICE']);
});

test('a capability that leads out of the testbed is refused, and the error says why', () => {
  expect(() => checkCapabilities(['NET_RAW', 'cap_sys_time', 'SYS_PTRACE'])).toThrow(
    expect.objectContaining({
      code: 'ALPY_USAGE',
      message:
        'expected capabilities that keep a program within its testbed, got SYS_TIME (it sets the clock of the machine), ' +
        'SYS_PTRACE (it reads the memory and files of every process of the testbed). Remove them',
    }) as Error,
  );
});

test.each(['ALL', 'KILL', 'SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'DAC_READ_SEARCH', 'BPF', 'SETFCAP', 'constructor'])(
  '%s',
  (name) => {
    const check = (): readonly string[] => checkCapabilities([name]);
    if (name === 'constructor')
      expect(check()).toEqual(['CONSTRUCTOR']); // the daemon refuses names that it does not know
    else expect(check).toThrow(expect.objectContaining({ code: 'ALPY_USAGE' }) as Error);
  },
);
