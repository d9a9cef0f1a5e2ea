import { expect, test } from 'alpy/test';

// The same files as a small Linux: the kernel starts a shell instead of the installer.
test.override('appliance', {
  kernelArgs: 'console=ttyAMA0 quiet rdinit=/bin/sh',
  ready: [{ console: '~ # ' }],
});

test('answers a ping of its node', async ({ dut, nodes: [node] }) => {
  const commands = [
    'mount -t proc proc /proc && mount -t sysfs sys /sys',
    'modprobe virtio_net',
    'ip link set eth0 up && ip address add 192.168.1.1/24 dev eth0',
    'echo set-up: $?',
  ];
  for (const command of commands) await dut.console.sendLine(command);
  await dut.console.expect('set-up: 0', { timeoutMs: 60_000 });
  await node.configure({ address: '192.168.1.2/24' });
  expect(await node.ping('192.168.1.1', { count: 3 })).toMatchObject({ received: 3 });
});
