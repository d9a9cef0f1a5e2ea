// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, onTestFinished, test, vi } from 'vitest';
import { raceWithSignal } from '../../../src/core/deadline.ts';
import { Container, type Engine } from '../../../src/docker/index.ts';
import { createOptions } from '../../../src/docker/spec.ts';
import { setSysctls, sysctlContainer, sysctlScript } from '../../../src/network/set-sysctls.ts';

const sysctls = { 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_local_port_range': '2000 3000' };

const place = { name: 'node0', image: 'alpy/node', networkMode: 'container:abc' };

test('a daemon that does not start the container of the settings in time is an error', async () => {
  const start = vi
    .spyOn(Container, 'start')
    .mockImplementation((_engine, _spec, signal) => raceWithSignal(new Promise(() => undefined), signal));
  onTestFinished(() => {
    start.mockRestore();
  });
  await expect(setSysctls({} as Engine, place, sysctls, { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'ALPY_CONTAINER_TIMEOUT',
    message: 'sysctls@node0: waited 20 ms for its start',
  });
});

test('the daemon makes the settings in the network namespace of the node, for a program that has no privileges', () => {
  const spec = sysctlContainer(place, sysctls);
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
