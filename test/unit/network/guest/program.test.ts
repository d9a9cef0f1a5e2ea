// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { agentLoop } from '../../../../src/docker/index.ts';
import { guestHint } from '../../../../src/network/guest/hint.ts';
import { guestProgram, lastWords } from '../../../../src/network/guest/program.ts';

const spec = { name: 'left', interfaces: [{ name: 'eth0', mac: '02:00:00:a1:00:00' }] } as const;

test('a guest has the settings of all nodes before its NICs exist, and then takes commands', () => {
  const program = guestProgram(spec);
  expect(program).toContain("echo 'left' >/proc/sys/kernel/hostname\n");
  expect(program).toContain("echo '1' >/proc/sys/net/ipv6/conf/default/addr_gen_mode\n");
  expect(program).toMatch(/\nmodprobe virtio_net\n/);
  expect(program.endsWith(agentLoop)).toBe(true);
});

test('a guest has the settings and the resolver of its configuration', () => {
  const config = { kind: 'guest', sysctls: { 'net.ipv4.ip_forward': 1 }, resolver: { servers: '192.0.2.1' } } as const;
  const program = guestProgram({ ...spec, config });
  expect(program).toContain("echo '1' >/proc/sys/net/ipv4/ip_forward\n");
  expect(program).toContain("printf %s 'nameserver 192.0.2.1\n' >/etc/resolv.conf\n");
});

test('the last words of a guest are the panic of its kernel, or else all that it printed', () => {
  expect(lastWords('\0\0[    6.0] Kernel panic - not syncing: sysrq triggered crash\r\n[    6.1] CPU: 0\r\n')).toBe(
    'Kernel panic - not syncing: sysrq triggered crash',
  );
  expect(lastWords('\0qemu-system-x86_64: no memory\n')).toBe('qemu-system-x86_64: no memory\n');
});

test.each([
  ['Error: Unknown device type.\n', /cloud kernel, which lacks this feature/],
  ['cat: write error: No space left on device\n', /has 256 MiB of memory, and its files are there/],
  ['connection refused\n', undefined],
])('what a program on a guest says, %j, has the right hint', (stderr, hint) => {
  const found = guestHint({ stdout: '', stderr });
  if (hint === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(hint);
});
