import { expect, test } from 'alpy/test';

test('lets HTTP through', async ({ dut, apps, nodes: [client, server] }) => {
  await dut.shell.run(`set -e
    ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
    ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1`);
  await client.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await server.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });

  await apps.start({
    node: server,
    command: ['busybox', 'httpd', '-f', '-p', '80', '-h', '/www'],
    files: [{ path: '/www/index.html', content: 'hello\n' }],
  });
  const { stdout } = await apps.run({
    node: client,
    command: ['curl', '-sS', '--retry', '10', '--retry-connrefused', 'http://192.168.2.2/'],
  });
  expect(stdout).toBe('hello\n');
});
