import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'alpy/test';

const port = 51820;
const device = { outside: '192.168.1.1', tunnel: '10.9.0.1', inside: '192.168.2.1', keys: keyPair() };
const peer = { outside: '192.168.1.2', tunnel: '10.9.0.2', keys: keyPair() };
const server = '192.168.2.2';

test('carries traffic to the inside through WireGuard', async ({ dut, apps, links: [outside, inside], nodes: [left, right] }) => {
  await left.configure({ address: `${peer.outside}/24` });
  await right.configure({ address: `${server}/24`, gateway: device.inside });
  const allow = (key: string, networks: string): string => `[Peer]\nPublicKey = ${key}\nAllowedIPs = ${networks}\n`;
  const own = `[Interface]\nPrivateKey = ${device.keys.secret}\nListenPort = ${port}\n${allow(peer.keys.public, `${peer.tunnel}/32`)}`;
  await dut.shell.upload(Buffer.from(own), '/tmp/wg0.conf');
  await dut.shell.run(`set -e
    ip address add ${device.outside}/24 dev eth0 && ip link set eth0 up
    ip address add ${device.inside}/24 dev eth1 && ip link set eth1 up
    ip link add wg0 type wireguard && wg setconf wg0 /tmp/wg0.conf
    ip address add ${device.tunnel}/24 dev wg0 && ip link set wg0 up
    sysctl -w net.ipv4.ip_forward=1`);

  // in user space, because the host's kernel may lack WireGuard
  const start = `wireguard-go wg0 && wg setconf wg0 /wg0.conf
    ip address add ${peer.tunnel}/24 dev wg0 && ip link set wg0 up && ip route add ${server} dev wg0
    echo ready && exec sleep infinity`;
  const theirs = `[Interface]\nPrivateKey = ${peer.keys.secret}\n${allow(device.keys.public, `${device.tunnel}/32, ${server}/32`)}`;
  const client = await apps.start({
    node: left,
    image: 'peer',
    command: ['sh', '-ec', start],
    files: [{ path: '/wg0.conf', content: `${theirs}Endpoint = ${device.outside}:${port}\n` }],
    devices: ['/dev/net/tun'],
  });
  await client.waitForOutput(/^ready$/);

  await expect(left).toReach(server);
  await expect(outside).toHaveSeen(`wg.type == 4 && udp.dstport == ${port}`);
  await expect(outside).not.toHaveSeen('icmp');
  await expect(inside).toHaveSeen(`icmp.type == 8 && ip.src == ${peer.tunnel} && ip.dst == ${server}`);
});

/** A key pair as WireGuard writes it. */
function keyPair(): { secret: string; public: string } {
  const { d = '', x = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const base64 = (text: string): string => Buffer.from(text, 'base64url').toString('base64');
  return { secret: base64(d), public: base64(x) };
}
