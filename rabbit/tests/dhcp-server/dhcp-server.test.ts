// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, requestLease, test } from 'carrot';

const router = '192.168.1.1';
const dns = '192.168.1.53';
const lease = '192.168.1.100'; // the only address of the pool
const message = { discover: 1, offer: 2, request: 3, acknowledge: 5 };

test.beforeEach(async ({ rabbit }) => {
  await rabbit.setAddresses(`${router}/24`, '192.168.2.1/24');
});

test('leases an address, with router and DNS server', async ({ rabbit, apps, links: [lan, other], nodes: [client] }) => {
  await rabbit.run(
    `dnsmasq --user=root --port=0 --no-ping --interface=eth0 --dhcp-range=${lease},${lease},1h --dhcp-option=option:dns-server,${dns}`,
  );

  expect(await requestLease(apps, client), 'the lease of the client').toEqual({ address: lease, router, dns });
  await expect(client).toReach(router);

  await expect(lan).toHaveSeen(`dhcp.option.dhcp == ${message.discover} && ip.src == 0.0.0.0 && ip.dst == 255.255.255.255`);
  await expect(lan).toHaveSeen(`dhcp.option.dhcp == ${message.offer} && dhcp.ip.your == ${lease} && eth.src == ${lan.mac}`);
  await expect(lan).toHaveSeen(`dhcp.option.dhcp == ${message.request} && dhcp.option.requested_ip_address == ${lease}`);
  await expect(lan).toHaveSeen(`dhcp.option.dhcp == ${message.acknowledge} && dhcp.option.ip_address_lease_time == 3600`);
  await expect(other).not.toHaveSeen('dhcp');
});

test('leases no address on a link that it does not serve', async ({ rabbit, apps, links: [, other], nodes: [, stranger] }) => {
  await rabbit.run(`dnsmasq --user=root --port=0 --no-ping --interface=eth0 --dhcp-range=${lease},${lease},1h`);

  expect(await requestLease(apps, stranger), 'the lease on the other link').toBeUndefined();

  await expect(other).toHaveSeen(`dhcp.option.dhcp == ${message.discover}`);
  await expect(other).not.toHaveSeen(`dhcp && eth.src == ${other.mac}`);
});
