import { expect, test } from 'alpy/test';

const router = '192.168.1.1';
const lease = '192.168.1.100'; // the only address of the pool
const message = { discover: 1, offer: 2, request: 3, acknowledge: 5 };

test('leases an address, a router and a DNS server', async ({ dut, apps, links: [link], nodes: [client] }) => {
  await dut.shell.run(`set -e
    ip address add ${router}/24 dev eth0 && ip link set eth0 up
    dnsmasq --user=root --port=0 --interface=eth0 --dhcp-range=${lease},${lease},1h --dhcp-option=option:dns-server,192.168.1.53`);

  // udhcpc passes what it got to a script, as variables
  const script = `#!/bin/sh -e
    [ "$1" = bound ] || exit 0
    ip address add "$ip/$mask" dev "$interface"
    echo "$ip $router $dns"`;
  const { stdout } = await apps.run({
    node: client,
    command: ['busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-s', '/bound'],
    files: [{ path: '/bound', content: script, mode: 0o755 }],
  });
  expect(stdout.trim().split('\n').at(-1)).toBe(`${lease} ${router} 192.168.1.53`);
  await expect(client).toReach(router);

  for (const type of Object.values(message)) await expect(link).toHaveSeen(`dhcp.option.dhcp == ${type}`);
  await expect(link).toHaveSeen(
    `dhcp.option.dhcp == ${message.acknowledge} && dhcp.ip.your == ${lease} && eth.src == ${link.mac}`,
  );
});
