import { expect, test } from 'alpy/test';

test('answers on a link, and sees when its cable is pulled', async ({ dut, links: [link], nodes: [node] }) => {
  await dut.shell.run('ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up');
  await node.configure({ address: '192.168.1.2/24' });
  const { sent, received } = await node.ping('192.168.1.1', { count: 3 });
  expect(received).toBe(sent);

  const [reply] = await link.capture.frames('icmp.type == 0', { fields: ['ip.ttl', 'eth.src'] });
  expect(reply?.fields).toEqual({ 'ip.ttl': '64', 'eth.src': link.mac });
  await expect(link).not.toHaveSeen('ipv6 && eth.src == 02:00:00:a1:00:00');

  await link.setUp(false);
  await expect.poll(async () => (await dut.shell.run('cat /sys/class/net/eth0/carrier')).output, { timeout: 10_000 }).toBe('0');
  expect((await node.run('cat /sys/class/net/eth0/carrier')).stdout).toBe('0\n');
});
