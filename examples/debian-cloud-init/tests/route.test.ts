import { expect, test } from 'alpy/test';

test('FRR routes between the networks that cloud-init has configured', async ({ dut, links, nodes: [left, right] }) => {
  expect((await dut.shell.run('id -un')).output).toBe('admin');
  const { output } = await dut.shell.run("sudo -n vtysh -c 'show ip route static'");
  expect(output).toMatch(/^S>\* 10\.9\.0\.0\/24 .*via 192\.168\.2\.2, enp0s17/m);

  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
  await expect(left).toReach('192.168.2.2');
  await expect(links[1]).toHaveSeen('icmp.type == 8 && ip.src == 192.168.1.2 && ip.ttl == 63');
});

test('the seed is a read-only disk with the label CIDATA', async ({ dut }) => {
  const { output } = await dut.shell.run('sudo -n blkid -L CIDATA && cat /sys/block/vdb/ro');
  expect(output).toBe('/dev/vdb\n1');
});
