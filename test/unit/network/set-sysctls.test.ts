// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { createOptions } from '../../../src/docker/spec.ts';
import { sysctlContainer, sysctlScript } from '../../../src/network/set-sysctls.ts';

const sysctls = { 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_local_port_range': '2000 3000' };

test('the daemon makes the settings in the network namespace of the node, for a program that has no privileges', () => {
  const spec = sysctlContainer({ name: 'node0', image: 'alpy/node', networkMode: 'container:abc' }, sysctls);
  expect(createOptions(spec, {})).toMatchObject({
    Image: 'alpy/node',
    Entrypoint: ['true'],
    HostConfig: {
      NetworkMode: 'container:abc',
      CapDrop: ['ALL'],
      CapAdd: [],
      ReadonlyRootfs: true,
      Sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv4.ip_local_port_range': '2000 3000' },
    },
  });
});

test('a guest makes the settings itself, and goes on if its kernel refuses one', () => {
  expect(sysctlScript({ ...sysctls, 'net.ipv4.tcp_congestion_control': "it's" }).split('\n')).toEqual([
    "echo '1' 2>/dev/null >/proc/sys/net/ipv4/ip_forward || :",
    "echo '2000 3000' 2>/dev/null >/proc/sys/net/ipv4/ip_local_port_range || :",
    "echo 'it'\\''s' 2>/dev/null >/proc/sys/net/ipv4/tcp_congestion_control || :",
  ]);
});
