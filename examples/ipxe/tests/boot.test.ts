import { expect, test } from 'alpy/test';

const files = new URL('../../../.cache/debian-installer-amd64/', import.meta.url).pathname; // made by ../build

const script = `#!ipxe
echo iPXE runs the script of the node
kernel http://192.168.1.1/linux console=ttyS0 init=/bin/sh
initrd http://192.168.1.1/initrd.gz
boot
`;

test.override('autoBoot', false); // the servers must be up before the guest boots

test('the ROM of the NIC boots a kernel from the network', async ({ apps, dut, links: [link], nodes: [node] }) => {
  await node.configure({ address: '192.168.1.1/24' });
  const dhcp = ['--dhcp-range=192.168.1.100,192.168.1.199', '--dhcp-boot=boot.ipxe', '--enable-tftp', '--tftp-root=/tftp'];
  const dnsmasq = await apps.start({
    node,
    command: ['dnsmasq', '--keep-in-foreground', '--port=0', '--user=root', '--log-facility=-', '--leasefile-ro', ...dhcp],
    files: [{ path: '/tftp/boot.ipxe', content: script, mode: 0o644 }],
  });
  await dnsmasq.waitForOutput(/TFTP root is/);
  await apps.start({
    node,
    command: ['busybox', 'httpd', '-f', '-p', '80', '-h', '/www'],
    files: ['linux', 'initrd.gz'].map((name) => ({ path: `/www/${name}`, content: { file: files + name } })),
  });

  await dut.boot();
  await dut.console.expect('iPXE runs the script of the node', { timeoutMs: 60_000 });
  await dut.console.expect(/BusyBox .* built-in shell/, { timeoutMs: 120_000 });
  await expect(link).toHaveSeen('dhcp.option.type == 77');
  await expect(link).toHaveSeen('tftp.source_file == "boot.ipxe"');
  await expect(link).toHaveSeen('http.request.uri == "/initrd.gz"');
});
