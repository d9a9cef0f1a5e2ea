import { expect, test } from 'alpy/test';

const address = '192.168.1.1';

test.override('topology', {
  links: 1,
  nodes: { node0: { address: `${address}/24`, dhcp: {}, http: { files: { 'settings.txt': 'mode=fast\n' } } } },
});

// what this guest asks its network for while it boots
const useLease = '#!/bin/sh\\n[ "$1" = bound ] && ip address replace "$ip/$mask" dev "$interface"\\n';
test.override('appliance', {
  provision: [
    `ip link set eth0 up && printf '${useLease}' >/root/lease && chmod +x /root/lease`,
    'udhcpc -i eth0 -n -q -s /root/lease',
    `curl -sS http://${address}/settings.txt >/root/settings`,
  ],
});

test('the guest gets its settings while it boots, and reports what it does', async ({
  dut,
  links: [link],
  nodes: [node],
  services,
}) => {
  const lease = await node.services.dhcp.lease(link.mac);
  expect((await dut.shell.run('ip -br address show eth0')).output).toContain(`${lease.address}/24`);
  expect((await dut.shell.run('cat /root/settings')).output).toBe('mode=fast');

  const syslog = await services.syslog(node);
  await dut.shell.run(`logger --server ${address} --udp --port 514 --tag door "it is open"`);
  expect(await syslog.waitFor('door: it is open')).toMatchObject({ client: lease.address, severity: 'notice' });
});
