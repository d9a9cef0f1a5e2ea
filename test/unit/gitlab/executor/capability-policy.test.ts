// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { capabilitiesOf } from '../../../../src/gitlab/executor/policy/capability-policy.ts';
import { settingsOf } from './make.ts';

const asking = (value: string) => ({ variables: { ALPY_CAPABILITIES: value } });

describe('ALPY_CAPABILITIES', () => {
  test('absent or empty: a job has the usual ones', async () => {
    const settings = await settingsOf('limits: { capabilities: [SYS_NICE] }');
    expect(capabilitiesOf({ variables: {} }, settings)).toEqual(['NET_ADMIN', 'NET_RAW']);
    expect(capabilitiesOf(asking(' '), settings)).toEqual(['NET_ADMIN', 'NET_RAW']);
  });

  test('a job gets those that the settings allow, however they are written', async () => {
    const settings = await settingsOf('limits: { capabilities: [cap_sys_nice, NET_BROADCAST, IPC_LOCK] }');
    expect(capabilitiesOf(asking('SYS_NICE, cap_net_broadcast NET_RAW'), settings)).toEqual([
      ...['NET_ADMIN', 'NET_RAW', 'SYS_NICE', 'NET_BROADCAST'],
    ]);
  });

  test('a job that asks for another one is refused, and the error names the setting', async () => {
    const settings = await settingsOf('limits: { capabilities: [SYS_NICE] }');
    expect(() => capabilitiesOf(asking('SYS_NICE IPC_LOCK'), settings)).toThrow(
      expect.objectContaining({
        code: 'ALPY_USAGE',
        message: `ALPY_CAPABILITIES: this runner does not allow IPC_LOCK. It allows: NET_ADMIN, NET_RAW, SYS_NICE (limits.capabilities in ${settings.file})`,
      }) as Error,
    );
  });

  test('one that leads out of the testbed is refused even to the administrator', async () => {
    await expect(settingsOf('limits: { capabilities: [SYS_NICE, sys_admin] }')).rejects.toMatchObject({
      code: 'ALPY_EXECUTOR_SETTINGS',
      message: expect.stringContaining(
        'limits.capabilities.1: expected a capability that keeps a job within its testbed',
      ) as string,
    });
  });
});
