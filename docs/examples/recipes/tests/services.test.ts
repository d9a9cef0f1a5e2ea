import { expect, test } from 'alpy/test';

const server = '192.168.2.2'; // runs all services
const inside = '192.168.1.1'; // the device

test('gets its address by DHCP, and lets other protocols through', async ({
  dut,
  apps,
  links: [, outside],
  nodes: [client, node],
  services,
}) => {
  await node.configure({ address: `${server}/24`, routes: [{ to: '192.168.1.0/24', via: '192.168.2.100' }] });
  const dhcp = await services.dhcp(node, { range: '192.168.2.100-192.168.2.100' });
  const dns = await services.dns(node, { records: { 'www.example': server } });
  const http = await services.http(node, { files: { 'index.html': 'hello' } });
  const tftp = await services.tftp(node, { files: { 'boot/config': 'menu' } });
  const ntp = await services.ntp(node);
  const syslog = await services.syslog(node);
  const radius = await services.radius(node, { secret: 'shared', users: { bob: 'right' } });

  await dut.shell.upload(
    Buffer.from('#!/bin/sh\n[ "$1" != bound ] || ip address add "$ip/$mask" dev "$interface"\n'),
    '/root/bound',
  );
  await dut.shell.run(`set -e
    ip address add ${inside}/24 dev eth0 && ip link set eth0 up && ip link set eth1 up
    sysctl -w net.ipv4.ip_forward=1
    chmod +x /root/bound && udhcpc -i eth1 -n -q -s /root/bound`);
  expect(await dhcp.lease(outside.mac)).toMatchObject({ address: '192.168.2.100' });

  await client.configure({ address: '192.168.1.2/24', gateway: inside });
  const ask = async (command: string, image?: string): Promise<string> =>
    (await apps.run({ node: client, command: ['sh', '-ec', command], image })).stdout;
  await ask(`busybox nslookup -type=a www.example ${server}`);
  expect(await ask(`curl -sS --max-time 20 http://${server}/`)).toBe('hello');
  expect(await ask(`curl -sS --max-time 20 tftp://${server}/boot/config`)).toBe('menu');
  await ask(`chronyd -Q -u root -t 20 'server ${server} iburst maxsamples 1'`);
  await ask(`logger --server ${server} --udp --port 514 --tag door 'it is open'`);
  const accepted = await ask(`echo 'User-Name = bob, User-Password = right' | radclient -x ${server} auth shared`, 'peer');
  expect(accepted).toContain('Access-Accept');

  for (const seen of [
    await dns.query('www.example'),
    await http.request('/'),
    await tftp.request('boot/config'),
    await ntp.request(),
    await syslog.waitFor('door: it is open'),
  ])
    expect(seen.client).toBe('192.168.1.2');
  expect(await radius.request('bob')).toMatchObject({ isAccepted: true });
});
