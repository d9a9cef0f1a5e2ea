// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, probe, test } from 'carrot';

/** The addresses that both Rabbits share. */
const virtual = { lan: '192.168.1.254', wan: '192.168.2.254' };
const priority = { left: 200, right: 100 };
/** How often the active Rabbit advertises itself, in seconds. */
const interval = 0.5;
/** The backup takes over after three intervals without an advertisement, and a part of a fourth that depends on its priority. */
const takeover = 3 * interval + ((256 - priority.right) / 256) * interval;
/** How much longer Rabbit may need, in seconds. */
const slack = 0.2;

test.override('needs', { exclusive: true }); // other testbeds would slow the Rabbits down

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance' },
  nodes: { client: {}, server: {} },
  // the first NIC of a segment records its frames, so it must not be that of left, which will be paused
  segments: { lan: ['right:0', 'left:0', 'client'], wan: ['right:1', 'left:1', 'server'] },
});

test('the backup takes over in time when the active Rabbit freezes', async ({
  rabbits: [left, right],
  links: [lan, wan],
  nodes: [client, server],
}) => {
  await left.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await right.setAddresses('192.168.1.2/24', '192.168.2.2/24');
  await client.configure({ address: '192.168.1.10/24', gateway: virtual.lan });
  await server.configure({ address: '192.168.2.10/24', gateway: virtual.wan });
  for (const [rabbit, own] of [
    [left, priority.left],
    [right, priority.right],
  ] as const) {
    await rabbit.forwardIpv4();
    await rabbit.write('/etc/keepalived.conf', keepalived(own));
    await rabbit.run('keepalived -f /etc/keepalived.conf');
  }
  await expect(lan).toHaveSeen(`vrrp.prio == ${priority.left} && ip.src == 192.168.1.1 && ip.dst == 224.0.0.18 && ip.ttl == 255`);
  await expect(client).toReach('192.168.2.10');

  await using flow = await probe(client, server, { perSecond: 100 });
  await left.dut.pause();
  await expect(flow).toRecoverWithin(`${takeover + slack * right.dut.timeFactor}s`);

  await expect(lan).toHaveSeen(`vrrp.prio == ${priority.right} && ip.src == 192.168.1.2`);
  await expect(lan).toHaveSeen(`arp.isgratuitous && arp.src.proto_ipv4 == ${virtual.lan} && eth.src == ${lan.mac}`);
  await expect(wan).toHaveSeen(`udp && ip.src == 192.168.1.10 && eth.src == ${wan.mac}`);
});

/** Configuration of keepalived, for a Rabbit with this priority. */
function keepalived(own: number): string {
  return `
    vrrp_instance both {
      state BACKUP
      version 3
      interface eth0
      virtual_router_id 51
      priority ${own}
      advert_int ${interval}
      virtual_ipaddress {
        ${virtual.lan}/24 dev eth0
        ${virtual.wan}/24 dev eth1
      }
    }
`;
}
