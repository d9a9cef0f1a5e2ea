// SPDX-License-Identifier: GPL-3.0-or-later
// The same set-up as in rabbit/tests/vrrp. The active Rabbit freezes soon after an advertisement, so that the time until the next one, for
// which the backup has waited already, is about the same in each run.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, probe, test } from 'carrot';

const virtual = { lan: '192.168.1.254', wan: '192.168.2.254' };
const ofLeft = 'vrrp.prio == 200 && ip.src == 192.168.1.1';
const ofRight = 'vrrp.prio == 100 && ip.src == 192.168.1.2';

test.override('topology', {
  duts: { left: 'appliance', right: 'appliance' },
  nodes: { client: {}, server: {} },
  segments: { lan: ['right:0', 'left:0', 'client'], wan: ['right:1', 'left:1', 'server'] }, // the first NIC records the frames
});

test('failover', async ({ rabbits: [left, right], links: [lan], nodes: [client, server], directory }) => {
  await left.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await right.setAddresses('192.168.1.2/24', '192.168.2.2/24');
  await client.configure({ address: '192.168.1.10/24', gateway: virtual.lan });
  await server.configure({ address: '192.168.2.10/24', gateway: virtual.wan });
  for (const [rabbit, priority] of [
    [left, 200],
    [right, 100],
  ] as const) {
    await rabbit.forwardIpv4();
    await rabbit.write('/etc/keepalived.conf', keepalived(priority));
    await rabbit.run('keepalived -f /etc/keepalived.conf');
  }
  await expect(lan).toHaveSeen(ofLeft);
  await expect(client).toReach('192.168.2.10');

  await using flow = await probe(client, server, { perSecond: 500 });
  const before = await lan.capture.count(ofLeft);
  await expect.poll(() => lan.capture.count(ofLeft), { interval: 10, timeout: 10_000 }).toBeGreaterThan(before);
  await left.dut.pause();
  await expect(flow).toRecoverWithin('10s');

  const { longestOutageMs } = await flow.report();
  const lastMs = (await lan.capture.frames(ofLeft)).at(-1)?.timeMs ?? Number.NaN;
  const firstMs = (await lan.capture.frames(ofRight)).find(({ timeMs }) => timeMs > lastMs)?.timeMs ?? Number.NaN;
  await writeFile(join(directory, 'failover.json'), JSON.stringify({ outageMs: longestOutageMs, silenceMs: firstMs - lastMs }));
});

/** Configuration of keepalived, for a Rabbit with this priority. */
function keepalived(priority: number): string {
  return `
    vrrp_instance both {
      state BACKUP
      version 3
      interface eth0
      virtual_router_id 51
      priority ${priority}
      advert_int 0.5
      virtual_ipaddress {
        ${virtual.lan}/24 dev eth0
        ${virtual.wan}/24 dev eth1
      }
    }
`;
}
