// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { containerProgram, guestArguments, guestDevices } from '../../../../src/network/guest/arguments.ts';

const interfaces = [
  { name: 'eth0', mac: '02:00:00:a1:00:00' },
  { name: 'eth1', mac: '02:00:00:a1:00:01' },
];

test('each interface of a guest is a NIC with its MAC address and a tap of its own', () => {
  expect(guestArguments(interfaces, 'tcg').slice(-8)).toEqual([
    ...['-netdev', 'tap,id=net0,ifname=nic0,script=no,downscript=no,vnet_hdr=off'],
    ...['-device', 'virtio-net-pci,id=guest0,netdev=net0,mac=02:00:00:a1:00:00,romfile='],
    ...['-netdev', 'tap,id=net1,ifname=nic1,script=no,downscript=no,vnet_hdr=off'],
    ...['-device', 'virtio-net-pci,id=guest1,netdev=net1,mac=02:00:00:a1:00:01,romfile='],
  ]);
});

test('a guest uses KVM only if the machine has it', () => {
  expect(guestArguments(interfaces, 'tcg')).toContain('tcg,tb-size=64');
  expect(guestArguments(interfaces, 'kvm')).toEqual(expect.arrayContaining(['-accel', 'kvm', '-cpu', 'host']));
  expect(guestDevices('tcg')).toEqual(['/dev/net/tun']);
  expect(guestDevices('kvm')).toEqual(['/dev/net/tun', '/dev/kvm']);
});

test('the container of a guest creates the taps, holds its namespace and becomes QEMU without a capability', () => {
  const lines = containerProgram(interfaces, 'tcg').split('\n');
  expect(lines.slice(0, -1)).toEqual([
    'set -e',
    'chmod a+rw /dev/net/tun 2>/dev/null || :',
    'mkdir -m 777 /run/alpy',
    "ip -batch - <<'END'",
    'tuntap add dev nic0 mode tap user 65525',
    'link set nic0 txqueuelen 10000',
    'link set nic0 mtu 65521 addrgenmode none up',
    'tuntap add dev nic1 mode tap user 65525',
    'link set nic1 txqueuelen 10000',
    'link set nic1 mtu 65521 addrgenmode none up',
    'END',
    'ethtool -K nic0 tx off sg off tso off gso off gro off',
    'ethtool -K nic1 tx off sg off tso off gso off gro off',
    expect.stringMatching(/^holder=\$\(setpriv --inh-caps=-all --bounding-set=-all sh -c /),
    'echo $holder',
  ]);
  expect(lines.at(-1)).toMatch(
    /^exec setpriv --reuid=65525 --regid=65525 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs qemu-system-x86_64 .* 3>&2$/,
  );
});
