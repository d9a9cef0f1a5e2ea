import { expect, test } from 'alpy/test';

const address = '192.168.1.1';

test('serves a page, and says which it does not have', async ({ dut, apps, links: [link], nodes: [client] }) => {
  const config = `
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend web
  bind ${address}:80
  http-request return status 200 content-type text/plain string "hello" if { path / }
  http-request return status 404\n`;
  await dut.shell.upload(Buffer.from(config), '/tmp/haproxy.cfg');
  await dut.shell.run(`ip address add ${address}/24 dev eth0 && ip link set eth0 up && haproxy -D -f /tmp/haproxy.cfg`);
  await client.configure({ address: '192.168.1.2/24' });

  const get = async (path: string): Promise<string> => {
    const command = ['curl', '-sS', '--max-time', '20', '--write-out', ' %{http_code}', `http://${address}${path}`];
    return (await apps.run({ node: client, command })).stdout;
  };
  expect(await get('/')).toBe('hello 200');
  expect(await get('/nothing')).toMatch(/ 404$/);

  await expect(link).toHaveSeen('http.request.method == "GET" && http.request.uri == "/"');
  await expect(link).toHaveSeen(`http.response.code == 200 && ip.src == ${address}`);
  await expect(link).toHaveSeen('http.response.code == 404');
});
