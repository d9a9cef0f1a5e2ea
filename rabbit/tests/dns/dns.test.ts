// SPDX-License-Identifier: GPL-3.0-or-later
import type { Apps, Node } from 'alpy';
import { expect, test } from 'carrot';

const router = { inside: '192.168.1.1', outside: '192.168.2.1' };
const server = '192.168.2.2';

test.beforeEach(async ({ rabbit, services, nodes: [client, internet] }) => {
  await rabbit.setAddresses(`${router.inside}/24`, `${router.outside}/24`);
  await client.configure({ address: '192.168.1.2/24', gateway: router.inside });
  await internet.configure({ address: `${server}/24` });
  await services.dns(internet, { records: { 'www.example': '192.0.2.80' } });
  // the server's answers expire at once, but Rabbit keeps them for a minute
  await rabbit.run(
    `dnsmasq --user=root --no-hosts --no-resolv --min-cache-ttl=60 --server=${server} --interface=eth0 --address=/router.lan/${router.inside}`,
  );
});

test('forwards a query in its own name, and answers the next one from its cache', async ({
  apps,
  links: [lan, wan],
  nodes: [client],
}) => {
  expect(await resolve(apps, client, 'www.example')).toContain('192.0.2.80');
  expect(await resolve(apps, client, 'www.example')).toContain('192.0.2.80');

  const query = 'dns.flags.response == 0 && dns.qry.name == "www.example"';
  expect(await lan.capture.count(`${query} && ip.src == 192.168.1.2`), 'queries of the client').toBe(2);
  const passedOn = `${query} && ip.src == ${router.outside} && ip.dst == ${server}`;
  expect(await wan.capture.count(passedOn), 'queries that Rabbit passed on').toBe(1);
  await expect(wan).not.toHaveSeen('ip.addr == 192.168.1.2');
  expect(await lan.capture.count(`dns.a == 192.0.2.80 && ip.src == ${router.inside}`), 'answers of Rabbit').toBe(2);
});

test('answers for its own name itself', async ({ apps, links: [lan, wan], nodes: [client] }) => {
  expect(await resolve(apps, client, 'router.lan')).toContain(router.inside);

  await expect(lan).toHaveSeen(`dns.flags.authoritative == 1 && dns.a == ${router.inside}`);
  await expect(wan).not.toHaveSeen('dns.qry.name == "router.lan"');
});

test('passes on that a name does not exist', async ({ apps, links: [lan, wan], nodes: [client] }) => {
  expect(await resolve(apps, client, 'none.example')).toContain('NXDOMAIN');

  const noSuchName = 'dns.flags.rcode == 3 && dns.qry.name == "none.example"';
  await expect(wan).toHaveSeen(`${noSuchName} && ip.src == ${server}`);
  await expect(lan).toHaveSeen(`${noSuchName} && ip.src == ${router.inside}`);
});

/** What nslookup prints when the client asks Rabbit for the IPv4 address of a name. */
async function resolve(apps: Apps, client: Node, name: string): Promise<string> {
  const command = ['busybox', 'nslookup', '-type=a', name, router.inside];
  const { stdout, stderr } = await apps.run({ node: client, command }, { check: false });
  return stdout + stderr;
}
