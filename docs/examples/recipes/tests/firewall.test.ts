import { expect, test } from 'alpy/test';

const client = '192.168.1.2';
const server = '192.168.2.2';
const ports = { open: 80, closed: 8080 };

test('lets only one port through', async ({ dut, apps, links: [front, back], nodes: [left, right] }) => {
  await dut.shell.run(`set -e
    ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
    ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1
    nft add table ip filter
    nft add chain ip filter forward '{ type filter hook forward priority filter; policy drop; }'
    nft add rule ip filter forward ct state established accept
    nft add rule ip filter forward iifname eth0 tcp dport ${ports.open} accept`);
  await left.configure({ address: `${client}/24`, gateway: '192.168.1.1' });
  await right.configure({ address: `${server}/24`, gateway: '192.168.2.1' });
  const command = Object.values(ports).map((port) => `busybox httpd -p ${port} -h /www`);
  await apps.start({
    node: right,
    command: ['sh', '-ec', `${command.join('\n')}\nexec sleep infinity`],
    files: [{ path: '/www/index.html', content: 'hello\n' }],
  });

  const get = async (port: number, ...options: readonly string[]): Promise<string> => {
    const curl = ['curl', '-sS', ...options, `http://${server}:${port}/`];
    return (await apps.run({ node: left, command: curl }, { check: false })).stdout;
  };
  expect(await get(ports.closed, '--max-time', '2')).toBe('');
  // after the other, so whatever the device lets through has crossed the link by now
  expect(await get(ports.open, '--retry', '10', '--retry-connrefused')).toBe('hello\n');

  await expect(front).toHaveSeen(`tcp.flags.syn == 1 && tcp.dstport == ${ports.closed}`);
  await expect(back).not.toHaveSeen(`tcp.port == ${ports.closed}`);
  await expect(back).toHaveSeen(`tcp.flags.syn == 1 && tcp.dstport == ${ports.open} && ip.src == ${client}`);
});
