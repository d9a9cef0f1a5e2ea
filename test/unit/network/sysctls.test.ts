// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ContainerError } from '../../../src/docker/index.ts';
import { checkSysctls, refusedSysctl, sysctlDifferences } from '../../../src/network/sysctls.ts';

const sysctls = { 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_local_port_range': '2000 3000' };

test('all settings are read at once', async () => {
  const scripts: string[] = [];
  const shell = (script: string) => {
    scripts.push(script);
    return Promise.resolve('1\n2000\t3000');
  };
  await checkSysctls({ node: 'node0', shell }, sysctls, undefined, {});
  await checkSysctls({ node: 'node0', shell }, {}, undefined, {});
  expect(scripts).toEqual([
    'for file in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_local_port_range; do cat "$file" || echo; done',
  ]);
});

test('a setting with another value is an error with both values', async () => {
  expect(sysctlDifferences(sysctls, '1\n2000\t3000')).toEqual([]);
  expect(sysctlDifferences(sysctls, '0\n')).toEqual([
    'expected net.ipv4.ip_forward to be 1, got 0',
    'expected net.ipv4.ip_local_port_range to be 2000 3000, got nothing',
  ]);
  const shell = () => Promise.resolve('0\n2000 3000');
  await expect(checkSysctls({ node: 'node0', shell }, sysctls, undefined, {})).rejects.toMatchObject({
    fault: 'environment',
    message:
      'node0: expected net.ipv4.ip_forward to be 1, got 0. The kernel refused it, or another setting or program on the node changed it. Correct or remove one of them',
  });
});

test('a setting that the kernel of a guest refuses is a mistake of the configuration', async () => {
  const shell = () => Promise.resolve('\n2000 3000');
  await expect(checkSysctls({ node: 'node0', shell }, sysctls, 'topology.nodes.node0.sysctls', {})).rejects.toMatchObject({
    fault: 'usage',
    message:
      'topology.nodes.node0.sysctls: expected net.ipv4.ip_forward to be 1, got nothing. The kernel refused it, or another setting or program on the node changed it. Correct or remove one of them',
  });
});

const daemonSays = 'failed to create shim task: error during container init: ';

test.each([
  [
    'open /proc/sys/net/ipv4/ip_forward: no such file or directory: unknown',
    'topology.nodes.node0.sysctls.net.ipv4.ip_forward: expected a setting that each network namespace has, but nodes cannot set this one (no such file or directory). Correct its name, or remove it',
  ],
  [
    'write /proc/sys/net/ipv4/ip_forward: invalid argument: unknown',
    'topology.nodes.node0.sysctls.net.ipv4.ip_forward: expected a value that the kernel accepts, got 1 (invalid argument). Correct it',
  ],
])('the error of the daemon names the setting: %s', (text, message) => {
  expect(refusedSysctl('topology.nodes.node0.sysctls', sysctls, new ContainerError(`${daemonSays}${text}`))).toMatchObject({
    message,
    fault: 'usage',
  });
});

test('other errors of the daemon are not about a setting', () => {
  expect(refusedSysctl('topology.nodes.node0.sysctls', sysctls, new ContainerError('no such image'))).toBeUndefined();
  const own = 'open /proc/sys/net/ipv6/conf/all/disable_ipv6: no such file or directory: unknown';
  expect(refusedSysctl('topology.nodes.node0.sysctls', sysctls, new ContainerError(`${daemonSays}${own}`))).toBeUndefined();
});
