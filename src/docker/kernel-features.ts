// SPDX-License-Identifier: GPL-3.0-or-later

/** A feature of the kernel of Docker's host that nodes and apps may need. */
export interface KernelFeature {
  /** for messages: `VLANs (802.1Q)` */
  readonly name: string;
  /** the module that has it */
  readonly module: string;
  /** matches a command that needs it */
  readonly command: RegExp;
  /** a command that succeeds if the kernel has it, in a namespace with the interface alpy0; absent if nodes have no program for it */
  readonly attempt?: string;
}

/** The features that docs/nodes-and-the-hosts-kernel.md lists. */
export const kernelFeatures: readonly KernelFeature[] = [
  {
    name: 'VLANs (802.1Q)',
    module: '8021q',
    command: /\btype vlan\b/,
    attempt: 'ip link add link alpy0 name alpy1 type vlan id 5',
  },
  link('bridges', 'bridge', 'bridge'),
  link('bonding', 'bonding', 'bond'),
  link('VXLAN', 'vxlan', 'vxlan', 'id 5 dstport 4789 dev alpy0'),
  link('GRE', 'ip_gre', 'gre(?:tap)?', 'local 192.0.2.1 remote 192.0.2.2', 'gre'),
  link('IP-in-IP', 'ipip', 'ipip', 'local 192.0.2.1 remote 192.0.2.2'),
  link('WireGuard', 'wireguard', 'wireguard'),
  {
    name: 'IPsec (ESP)',
    module: 'esp4',
    command: /\bxfrm state\b.*\besp\b/s,
    attempt:
      "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 mode tunnel enc 'cbc(aes)' 0x00000000000000000000000000000001 auth 'hmac(sha256)' 0x01",
  },
  { name: 'netem', module: 'sch_netem', command: /\bnetem\b/, attempt: 'tc qdisc add dev alpy0 root netem delay 1ms' },
  {
    name: 'rate limits (tbf)',
    module: 'sch_tbf',
    command: /\btbf\b/,
    attempt: 'tc qdisc add dev alpy0 root tbf rate 1mbit burst 10kb latency 10ms',
  },
  { name: 'packet filters and NAT (nftables)', module: 'nf_tables', command: /(?:^|[\s/])(?:nft|ip6?tables)\b/ },
  link('dummy interfaces', 'dummy', 'dummy'),
  link('VRF', 'vrf', 'vrf', 'table 10'),
  {
    name: 'MACVLAN',
    module: 'macvlan',
    command: /\btype macv(?:lan|tap)\b/,
    attempt: 'ip link add link alpy0 name alpy1 type macvlan',
  },
];

function link(name: string, module: string, type: string, options = '', tried = type): KernelFeature {
  return {
    name,
    module,
    command: new RegExp(String.raw`\btype ${type}\b`),
    attempt: `ip link add alpy1 type ${tried} ${options}`.trimEnd(),
  };
}

/** The features that a command needs, as far as it shows. Pure. */
export function featuresOf(command: readonly string[]): readonly KernelFeature[] {
  const text = command.join(' ');
  return kernelFeatures.filter((feature) => feature.command.test(text));
}

/** What to do about features that the kernel of Docker's host lacks. Pure. */
export function featureRemedy(features: readonly KernelFeature[]): string {
  return `sudo modprobe ${features.length > 1 ? '-a ' : ''}${features.map(({ module }) => module).join(' ')}`;
}
