// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, getMany, serveHttp, test } from 'carrot';

const requests = 10;
const half = requests / 2; // what each server gets

test.override('topology', { links: 3 });

test.beforeEach(async ({ rabbit, nodes: [client, one, two] }) => {
  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24', '192.168.3.1/24');
  await client.configure({ address: '192.168.1.2/24' });
  await one.configure({ address: '192.168.2.2/24' });
  await two.configure({ address: '192.168.3.2/24' });
  await rabbit.balanceHttp('192.168.2.2:80', '192.168.3.2:80');
});

test('spreads HTTP requests over two servers', async ({ links, apps, nodes: [client, one, two] }) => {
  await Promise.all([serveHttp(apps, one, 'server one'), serveHttp(apps, two, 'server two')]);

  const answers = await getMany(apps, client, 'http://192.168.1.1/', requests);
  expect(
    answers.filter((answer) => answer === 'server one'),
    'answers of server one',
  ).toHaveLength(half);
  expect(
    answers.filter((answer) => answer === 'server two'),
    'answers of server two',
  ).toHaveLength(half);

  expect(await links[0].capture.count('http.request && ip.src == 192.168.1.2'), 'requests of the client').toBe(requests);
  expect(await links[1].capture.count('http.request && ip.dst == 192.168.2.2'), 'requests to server one').toBe(half);
  expect(await links[2].capture.count('http.request && ip.dst == 192.168.3.2'), 'requests to server two').toBe(half);
});

test('hides the failure of a server, and uses it again when it is back', async ({ links, apps, nodes: [client, one, two] }) => {
  await serveHttp(apps, one, 'server one');

  const answers = await getMany(apps, client, 'http://192.168.1.1/', requests);
  expect(answers).toEqual(Array(requests).fill('server one'));
  await expect(links[2]).toHaveSeen('tcp.flags.reset == 1 && ip.src == 192.168.3.2 && tcp.srcport == 80'); // Rabbit tried it, and it refused
  await expect(links[2]).not.toHaveSeen('http');
  await expect(links[0]).not.toHaveSeen('tcp.flags.reset == 1 || http.response.code >= 500');

  await serveHttp(apps, two, 'server two');
  expect(await getMany(apps, client, 'http://192.168.1.1/', 2)).toContain('server two');
  expect(await links[2].capture.count('http.request && ip.dst == 192.168.3.2'), 'requests to server two').toBe(1);
});
