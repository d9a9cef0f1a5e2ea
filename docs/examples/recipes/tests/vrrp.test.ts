import { expect, test } from 'alpy/test';

const own = '192.168.1.1';
const other = '192.168.1.2';
const virtual = '192.168.1.254'; // the address that the two routers share
const priority = { own: 100, other: 200 };

/** Configuration of keepalived. */
const keepalived = (priority: number): string => `
  vrrp_instance lan {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    virtual_ipaddress { ${virtual}/24 }
  }`;

test('takes over the virtual address when the other router leaves', async ({ dut, apps, links: [link], nodes: [node] }) => {
  await node.configure({ address: `${other}/24` });
  const peer = await apps.start({
    node,
    image: 'peer',
    command: ['keepalived', '--dont-fork', '--log-console'],
    files: [{ path: '/etc/keepalived/keepalived.conf', content: keepalived(priority.other) }],
  });
  await dut.shell.upload(Buffer.from(keepalived(priority.own)), '/tmp/keepalived.conf');
  await dut.shell.run(`ip address add ${own}/24 dev eth0 && ip link set eth0 up && keepalived -f /tmp/keepalived.conf`);
  await peer.waitForOutput(/Entering MASTER STATE/);

  // while the peer advertises its higher priority, the device is silent
  await expect(link).toHaveSeen(`vrrp.prio == ${priority.other} && ip.src == ${other}`);
  await expect(link).not.toHaveSeen(`arp.src.proto_ipv4 == ${virtual} && eth.src == ${link.mac}`);

  await peer.kill(); // it says goodbye with priority 0
  await peer.wait();
  await expect(link).toHaveSeen(`vrrp.prio == 0 && ip.src == ${other}`);
  await expect(link).toHaveSeen(`vrrp.prio == ${priority.own} && ip.src == ${own}`);
  await expect(link).toHaveSeen(`arp.isgratuitous && arp.src.proto_ipv4 == ${virtual} && eth.src == ${link.mac}`);
  await expect(node).toReach(virtual);
});
