// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { trafficCapabilities } from '../../../src/docker/capabilities.ts';
import { createOptions } from '../../../src/docker/spec.ts';

test('a container with all options becomes options of the Engine API', () => {
  const options = createOptions(
    {
      name: 'qemu',
      image: 'alpy/qemu:latest',
      entrypoint: ['sh'],
      command: ['-c', 'true'],
      environment: { A: '1' },
      networkMode: 'none',
      pidMode: 'container:abc',
      dropAllCapabilities: true,
      addCapabilities: ['NET_ADMIN'],
      devices: ['/dev/net/tun'],
      sysctls: { 'net.ipv4.ip_forward': '1' },
      mounts: [{ source: '/a', target: '/b', readOnly: true }],
      volumesFrom: ['abc'],
      user: '1000',
      groups: [36],
      volumes: ['/var/tmp'],
      readOnlyRoot: true,
      tmpfs: { '/tmp': 64, '/run': 8 },
      memoryMiB: 512,
      pids: 100,
      fileSizeMiB: 64,
    },
    { 'io.alpy.run': '1' },
  );
  expect(options).toEqual({
    Image: 'alpy/qemu:latest',
    Labels: { 'io.alpy.run': '1' },
    Entrypoint: ['sh'],
    Cmd: ['-c', 'true'],
    Env: ['A=1'],
    User: '1000',
    Volumes: { '/var/tmp': {} },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
    StopSignal: 'SIGKILL',
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'none',
      PidMode: 'container:abc',
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      SecurityOpt: ['no-new-privileges'],
      Devices: [{ PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rwm' }],
      Sysctls: { 'net.ipv4.ip_forward': '1' },
      Mounts: [{ Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true }],
      VolumesFrom: ['abc'],
      GroupAdd: ['36'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,mode=1777,size=64m', '/run': 'rw,exec,nosuid,nodev,mode=1777,size=8m' },
      Memory: 536870912,
      MemorySwap: 536870912,
      PidsLimit: 100,
      Ulimits: [{ Name: 'fsize', Soft: 67108864, Hard: 67108864 }],
      LogConfig: { Type: 'none', Config: {} },
    },
  });
});

test('nodes and apps have what network programs need, and never all capabilities of the lifeline', () => {
  const needed = 'CHOWN DAC_OVERRIDE FOWNER SETUID SETGID SETPCAP NET_BIND_SERVICE SYS_CHROOT AUDIT_WRITE'.split(' ');
  const spec = { name: 'node0', image: 'alpy/node:latest', networkMode: 'none' };
  expect(createOptions({ ...spec, ...trafficCapabilities() }, {})).toMatchObject({
    HostConfig: { CapDrop: ['ALL'], CapAdd: [...needed, 'NET_ADMIN', 'NET_RAW'] },
  });
  expect(trafficCapabilities(['CAP_CHOWN', 'sys_nice'])).toEqual({
    dropAllCapabilities: true,
    addCapabilities: [...needed, 'SYS_NICE'],
  });
  for (const name of ['all', 'KILL', 'CAP_SYS_PTRACE', 'dac_read_search'])
    expect(() => trafficCapabilities(['NET_RAW', name])).toThrow(expect.objectContaining({ code: 'ALPY_USAGE' }) as Error);
});

test('the daemon gets the resolver, for /etc/resolv.conf', () => {
  const resolver = { servers: ['10.0.0.1', 'fd00::1'], search: ['lab.example'] };
  expect(createOptions({ name: 'node0', image: 'node', networkMode: 'none', resolver }, {}).HostConfig).toMatchObject({
    Dns: ['10.0.0.1', 'fd00::1'],
    DnsSearch: ['lab.example'],
  });
  expect(createOptions({ name: 'node0', image: 'node', networkMode: 'none' }, {}).HostConfig).not.toHaveProperty('Dns');
});

test('in a bare namespace, the daemon sets nothing up', () => {
  const spec = { name: 'lifeline', image: 'alpy/node:latest', networkMode: 'bare' };
  expect(createOptions(spec, {})).toMatchObject({ NetworkDisabled: true, HostConfig: { NetworkMode: 'none' } });
  expect(createOptions({ ...spec, networkMode: 'none' }, {})).not.toHaveProperty('NetworkDisabled');
});

test('without limits, a container has a writable root and no limit of memory or processes', () => {
  const { HostConfig } = createOptions({ name: 'node0', image: 'alpy/node:latest', networkMode: 'none' }, {});
  expect(HostConfig).toMatchObject({ ReadonlyRootfs: false, Tmpfs: {} });
  for (const limit of ['Memory', 'MemorySwap', 'PidsLimit', 'Ulimits']) expect(HostConfig).not.toHaveProperty(limit);
});
