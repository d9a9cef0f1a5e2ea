// SPDX-License-Identifier: GPL-3.0-or-later
import type { Apps, Node } from 'alpy';
import { expect, getMany, serveHttp, test } from 'carrot';

const client = '192.168.1.2';
const server = '192.168.2.2';
const port = { allowed: 80, rejected: 23, dropped: 8080 };

test.beforeEach(async ({ rabbit, nodes: [left, right] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await rabbit.forwardIpv4();
  // the side of the client may open some connections; the side of the server may only answer
  await rabbit.filter(`
    table inet firewall {
      chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established, related accept
        iifname eth0 tcp dport ${port.allowed} accept
        iifname eth0 tcp dport ${port.rejected} reject with tcp reset
      }
    }`);
  await left.configure({ address: `${client}/24`, gateway: '192.168.1.1' });
  await right.configure({ address: `${server}/24`, gateway: '192.168.2.1' });
});

test('lets an allowed connection through, with its answers', async ({ apps, links: [front, back], nodes: [left, right] }) => {
  await serveHttp(apps, right, 'allowed');

  expect(await getMany(apps, left, `http://${server}/`, 1)).toEqual(['allowed']);

  await expect(back).toHaveSeen(`${opening(port.allowed)} && ip.src == ${client} && ip.dst == ${server}`);
  await expect(front).toHaveSeen(`http.response.code == 200 && ip.src == ${server}`);
});

test('drops what is not allowed, without an answer', async ({ apps, links: [front, back], nodes: [left] }) => {
  expect(await connect(apps, left, server, port.dropped), 'a connection that is not allowed').toBe('no answer');

  await expect(front).toHaveSeen(opening(port.dropped));
  await expect(front).not.toHaveSeen(`ip.dst == ${client}`);
  await expect(back).not.toHaveSeen('ip');
});

test('rejects a connection by a reset', async ({ apps, links: [front, back], nodes: [left] }) => {
  expect(await connect(apps, left, server, port.rejected), 'a connection that is rejected').toBe('refused');

  await expect(front).toHaveSeen(`tcp.flags.reset == 1 && tcp.srcport == ${port.rejected} && eth.src == ${front.mac}`);
  await expect(back).not.toHaveSeen('ip');
});

test('drops connections from the side of the server', async ({ apps, links: [front, back], nodes: [, right] }) => {
  expect(await connect(apps, right, client, port.allowed), 'a connection from the side of the server').toBe('no answer');

  await expect(back).toHaveSeen(`${opening(port.allowed)} && ip.dst == ${client}`);
  await expect(front).not.toHaveSeen('ip');
});

test('filters after a reboot, too', async ({ dut, rabbit, apps, links: [front, back], nodes: [left, right] }) => {
  await rabbit.saveConfiguration();
  await dut.reboot();

  expect(await connect(apps, left, server, port.dropped), 'a connection that is not allowed').toBe('no answer');
  await serveHttp(apps, right, 'allowed');
  expect(await getMany(apps, left, `http://${server}/`, 1)).toEqual(['allowed']);

  await expect(front).toHaveSeen(opening(port.dropped));
  await expect(back).not.toHaveSeen(opening(port.dropped));
});

/** The frame that opens a TCP connection to a port. */
function opening(target: number): string {
  return `tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.dstport == ${target}`;
}

/** Tries to open a TCP connection, for a second. */
async function connect(apps: Apps, from: Node, address: string, target: number): Promise<string> {
  const command = ['curl', '--silent', '--connect-timeout', '1', `http://${address}:${target}/`];
  const { exitStatus } = await apps.run({ node: from, command }, { check: false });
  return { 0: 'connected', 7: 'refused', 28: 'no answer' }[exitStatus] ?? `curl ended with ${exitStatus}`;
}
