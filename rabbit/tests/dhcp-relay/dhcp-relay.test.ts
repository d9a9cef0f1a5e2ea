// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, requestLease, test } from 'carrot';

const relay = { client: '192.168.1.1', server: '192.168.2.1' };
const server = '192.168.2.2';
const lease = '192.168.1.100'; // the only address of the pool, on the link of the client
const message = { discover: 1, offer: 2 };

test('relays DHCP to a server on another link', async ({ rabbit, apps, links: [front, back], nodes: [client, far] }) => {
  await rabbit.setAddresses(`${relay.client}/24`, `${relay.server}/24`);
  await far.configure({ address: `${server}/24`, gateway: relay.server });
  const dhcp = await apps.start({
    node: far,
    name: 'dhcp',
    command: [
      'dnsmasq',
      '--keep-in-foreground',
      '--log-facility=-',
      '--user=root',
      '--port=0',
      '--no-ping',
      '--dhcp-leasefile=/tmp/leases',
      `--dhcp-range=${lease},${lease},255.255.255.0,1h`,
      `--dhcp-option=option:router,${relay.client}`,
    ],
  });
  await dhcp.waitForOutput(/DHCP, IP range/);
  await rabbit.run(`dnsmasq --user=root --port=0 --dhcp-relay=${relay.client},${server}`);

  expect(await requestLease(apps, client), 'the lease of the client').toMatchObject({ address: lease, router: relay.client });

  // the relay's address tells the server on which link the client is
  const discover = `dhcp.option.dhcp == ${message.discover}`;
  await expect(front).toHaveSeen(`${discover} && ip.dst == 255.255.255.255 && dhcp.ip.relay == 0.0.0.0 && dhcp.hops == 0`);
  await expect(back).toHaveSeen(`${discover} && ip.dst == ${server} && dhcp.ip.relay == ${relay.client} && dhcp.hops == 1`);
  await expect(back).toHaveSeen(`dhcp.option.dhcp == ${message.offer} && ip.src == ${server} && ip.dst == ${relay.client}`);
  await expect(front).toHaveSeen(`dhcp.option.dhcp == ${message.offer} && dhcp.ip.your == ${lease} && eth.src == ${front.mac}`);
  await expect(back).not.toHaveSeen('ip.dst == 255.255.255.255');
});
