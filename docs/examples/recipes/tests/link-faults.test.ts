import { expect, test } from 'alpy/test';

const network = `set -e
  ip address add 192.168.1.1/24 dev eth0 && ip link set eth0 up
  ip address add 192.168.2.1/24 dev eth1 && ip link set eth1 up
  sysctl -w net.ipv4.ip_forward=1`;

test('routes over a slow link, and again after the link has failed', async ({ dut, nodes: [left, right], links: [, far] }) => {
  await dut.shell.run(network);
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
  await expect(left).toReach('192.168.2.2');

  {
    await using _fault = await far.impair({ delayMs: 20, jitterMs: 5 }); // in both directions, until the end of the block
    const { averageMs } = await left.ping('192.168.2.2', { count: 5 });
    expect(averageMs).toBeGreaterThan(30);
  }
  {
    // the link loses everything from the device to the node, although both ends keep their carriers
    await using fault = await far.impair({ lossPercent: 100, direction: 'dut->node1' });
    expect(await left.ping('192.168.2.2', { timeoutMs: 1000 })).toMatchObject({ received: 0 });
    expect((await fault.counts())['dut->node1']).toMatchObject({ passed: 0 });
  }
  await far.flap({ times: 3, downMs: 200, upMs: 200 });
  await expect(left).toReach('192.168.2.2');
});

test('keeps a file over a power cut if it was written to the disk', async ({ dut }) => {
  await dut.shell.run('echo kept >/root/note && sync');
  await dut.powerCut();
  await dut.powerOn();
  await dut.login();
  expect((await dut.shell.run('cat /root/note')).output).toBe('kept');
});
