import { expect, test } from 'alpy/test';

test('reaches its prompt and says what it is', async ({ dut }) => {
  await dut.console.sendLine('version');
  const { text } = await dut.console.expect(/U-Boot \d{4}\.\d\d/, { timeoutMs: 30_000 });
  expect(text).toMatch(/^U-Boot/);
});

test('gets an address by DHCP and a file by TFTP', async ({ dut, nodes: [node], apps, links: [link] }) => {
  await node.run('ip address add 192.168.1.1/24 dev eth0');
  await apps.start({
    node,
    command: [
      ...['dnsmasq', '--keep-in-foreground', '--user=root', '--port=0', '--interface=eth0', '--log-facility=-'],
      ...[
        '--dhcp-range=192.168.1.100,192.168.1.100,1h',
        '--dhcp-boot=hello',
        '--dhcp-leasefile=/tmp/leases',
        '--enable-tftp',
        '--tftp-root=/srv',
      ],
    ],
    files: [{ path: '/srv/hello', content: 'hello' }],
  });
  await dut.console.sendLine('dhcp ${loadaddr}');
  await dut.console.expect('Bytes transferred = 5', { timeoutMs: 60_000 });
  await expect(link).toHaveSeen('dhcp.option.dhcp == 5 && dhcp.ip.your == 192.168.1.100');
  await expect(link).toHaveSeen('tftp.opcode == 3');
});
