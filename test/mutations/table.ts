// SPDX-License-Identifier: GPL-3.0-or-later

/** A mistake of the device, which a test must notice. */
export interface Mutation {
  /** folder of the test file, below `rabbit/tests` */
  readonly folder: string;
  /** title of the test that must fail */
  readonly test: string;
  /** what the device does wrong */
  readonly wrong: string;
  /** text of the test file that configures the device, and what takes its place */
  readonly replace: readonly [from: string, to: string];
  /** a part of the message with which the test must fail */
  readonly says: string;
}

type Row = readonly [wrong: string, from: string, to: string, says: string];

/** The mistakes for one test. */
function mutationsOf(folder: string, test: string, ...rows: readonly Row[]): readonly Mutation[] {
  return rows.map(([wrong, from, to, says]) => ({ folder, test, wrong, replace: [from, to], says }));
}

/** At least one mistake for each test of Rabbit. */
export const mutations: readonly Mutation[] = [
  ...mutationsOf(
    'bgp',
    'passes a network on to the next neighbour, with its own number in the path',
    [
      'expects another number of its neighbour',
      "neighbour(as.peer, '10.0.2.1', as.right",
      "neighbour(as.peer, '10.0.2.1', 65009",
      'expected client to reach 192.168.2.2',
    ],
    [
      'does not announce what it has learnt',
      'ipv4 { import all; export all; };',
      'ipv4 { import all; export where source = RTS_DEVICE; };',
      'expected client to reach 192.168.2.2',
    ],
  ),
  ...mutationsOf('bgp', 'withdraws a network that its neighbour has withdrawn', [
    'keeps the network',
    "'ip link set eth1 down'",
    "'true'",
    'expected a frame on far to pass "bgp.type == 2 && bgp.withdrawn_prefix == 192.168.2.0',
  ]),
  ...mutationsOf(
    'bonding-lacp',
    'bundles two cables by LACP, and forwards over the other when one is pulled',
    [
      'bundles without LACP',
      'mode 802.3ad lacp_rate fast',
      'mode active-backup',
      'expected a frame on first to pass "lacp.actor.state.collecting == 1',
    ],
    [
      'bundles one cable only',
      'for nic in eth1 eth2;',
      'for nic in eth1;',
      'expected a frame on second to pass "lacp.actor.state.collecting == 1',
    ],
  ),
  ...mutationsOf(
    'boot',
    'boots to its login prompt, has its NICs on the right links, and shuts down at the power button',
    [
      'has its NICs in another order',
      "setAddresses('192.168.1.1/24', '192.168.2.1/24')",
      "setAddresses('192.168.2.1/24', '192.168.1.1/24')",
      'expected node0 to reach 192.168.1.1',
    ],
    ['ignores the power button', "await step('Press", "await rabbit.run('killall acpid');\n  await step('Press", 'power'],
  ),
  ...mutationsOf(
    'bridge-stp',
    'announces itself as the root before it forwards',
    ['does not run the protocol', 'stp_state 1', 'stp_state 0', 'to pass "stp && eth.dst == 01:80:c2:00:00:00'],
    ['forwards on no port', "'ip link set eth1 master lan up'", "'ip link set eth1 up'", 'expected node0 to reach 192.168.1.3'],
  ),
  ...mutationsOf('bridge-stp', 'sends no frames of the protocol while it is off', [
    'runs the protocol',
    "run('ip link set lan up')",
    "run('ip link set lan type bridge stp_state 1 forward_delay 200', 'ip link set lan up')",
    'to pass "stp", but',
  ]),
  ...mutationsOf('dhcp-relay', 'relays DHCP to a server on another link', [
    'does not relay',
    '--dhcp-relay=${relay.client},${server}',
    '--dhcp-relay=${relay.client},192.168.2.9',
    '192.168.1.100',
  ]),
  ...mutationsOf(
    'dhcp-server',
    'leases an address, with router and DNS server',
    ['names no DNS server', ' --dhcp-option=option:dns-server,${dns}', '', '192.168.1.53'],
    [
      'leases for another time',
      '${lease},${lease},1h --dhcp-option',
      '${lease},${lease},2h --dhcp-option',
      'dhcp.option.ip_address_lease_time == 3600',
    ],
  ),
  ...mutationsOf('dhcp-server', 'leases no address on a link that it does not serve', [
    'serves every link',
    '--interface=eth0 --dhcp-range=${lease},${lease},1h`',
    '--dhcp-range=192.168.2.100,192.168.2.100,1h`',
    '192.168.2.100',
  ]),
  ...mutationsOf(
    'dns',
    'forwards a query in its own name, and answers the next one from its cache',
    ['does not keep answers', '--min-cache-ttl=60', '--cache-size=0', 'queries that Rabbit passed on'],
    ['asks no server', '--server=${server} ', '', '192.0.2.80'],
  ),
  ...mutationsOf('dns', 'answers for its own name itself', [
    'does not know its name',
    ' --address=/router.lan/${router.inside}',
    '',
    '192.168.1.1',
  ]),
  ...mutationsOf('dns', 'passes on that a name does not exist', [
    'invents an address',
    '--address=/router.lan/${router.inside}',
    '--address=/example/192.0.2.1',
    'NXDOMAIN',
  ]),
  ...mutationsOf(
    'firewall',
    'lets an allowed connection through, with its answers',
    ['drops it', 'tcp dport ${port.allowed} accept', 'tcp dport 81 accept', 'curl'],
    ['drops the answers', 'ct state established, related accept', '', 'curl'],
  ),
  ...mutationsOf('firewall', 'drops what is not allowed, without an answer', [
    'lets it through',
    'policy drop',
    'policy accept',
    "expected 'refused' to be 'no answer'",
  ]),
  ...mutationsOf('firewall', 'rejects a connection by a reset', [
    'drops it',
    'reject with tcp reset',
    'drop',
    "expected 'no answer' to be 'refused'",
  ]),
  ...mutationsOf('firewall', 'drops connections from the side of the server', [
    'looks at the port only',
    'iifname eth0 tcp dport ${port.allowed}',
    'tcp dport ${port.allowed}',
    "expected 'refused' to be 'no answer'",
  ]),
  ...mutationsOf(
    'firewall',
    'filters after a reboot, too',
    ['forgets its configuration', 'await rabbit.saveConfiguration();', '', '192.168.2.2'],
    [
      'forgets the filter only',
      'await rabbit.saveConfiguration();',
      "await rabbit.saveConfiguration();\n  await rabbit.run('sed -i /nft/d /etc/rabbit/local', 'sync');",
      "expected 'refused' to be 'no answer'",
    ],
  ),
  ...mutationsOf(
    'forward-ipv4',
    'forwards IPv4 between two links',
    ['does not forward', 'await rabbit.forwardIpv4();', '', 'expected node0 to reach 192.168.2.2'],
    [
      'does not decrement the TTL',
      'await rabbit.forwardIpv4();',
      "await rabbit.forwardIpv4();\n  await rabbit.filter('table ip t { chain c { type filter hook postrouting priority 0; ip ttl set 64; }; }');",
      'ip.ttl == 63',
    ],
  ),
  ...mutationsOf('forward-ipv4', 'forwards nothing by default', [
    'forwards',
    "test('mutation",
    "test.beforeEach(({ rabbit }) => rabbit.forwardIpv4());\ntest('mutation",
    'expected node0 not to reach',
  ]),
  ...mutationsOf('forward-ipv6', 'forwards IPv6 between two links', [
    'does not forward',
    'await rabbit.forwardIpv6();',
    '',
    'expected node0 to reach 2001:db8:2::2',
  ]),
  ...mutationsOf('forward-ipv6', 'reports a packet whose hop limit is used up', [
    'reports nothing',
    "await left.run('ping",
    "await rabbit.filter('table inet t { chain c { type filter hook output priority 0; icmpv6 type time-exceeded drop; }; }');\n  await left.run('ping",
    'expected a frame on link0 to pass "icmpv6.type == 3',
  ]),
  ...mutationsOf('forward-ipv6', 'forwards no IPv6 by default', [
    'forwards',
    "test('mutation",
    "test.beforeEach(({ rabbit }) => rabbit.forwardIpv6());\ntest('mutation",
    'expected node0 not to reach',
  ]),
  ...mutationsOf(
    'link-flap',
    'leaves a path that loses its carrier, and returns to it',
    [
      'uses routes without a carrier',
      'ignore_routes_with_linkdown=1',
      'ignore_routes_with_linkdown=0',
      'expected node0 to reach 198.51.100.1',
    ],
    ['prefers the other path', 'metric 1`', 'metric 3`', 'icmp.type == 8'],
  ),
  ...mutationsOf('link-flap', 'uses the first path again after its link has flapped', [
    'stays on the other path',
    'metric 1`',
    'metric 3`',
    'expected a frame on link1 to pass "icmp.type == 8',
  ]),
  ...mutationsOf('load-balancing', 'spreads HTTP requests over two servers', [
    'uses one server only',
    "'192.168.2.2:80', '192.168.3.2:80'",
    "'192.168.2.2:80'",
    'server one',
  ]),
  ...mutationsOf(
    'load-balancing',
    'hides the failure of a server, and uses it again when it is back',
    ['does not know the other server', "'192.168.2.2:80', '192.168.3.2:80'", "'192.168.2.2:80'", 'tcp.flags.reset == 1'],
    [
      'shows the failure to clients',
      "'192.168.3.2:80');",
      "'192.168.3.2:80');\n  await rabbit.run('sed -i /redispatch/d /tmp/haproxy.cfg', 'killall haproxy', 'haproxy -D -f /tmp/haproxy.cfg');",
      '503',
    ],
  ),
  ...mutationsOf(
    'mtu',
    'fragments an IPv4 packet that is too large for the next link',
    ['sends it whole', 'mtu ${mtu}`', 'mtu 1500`', 'expected a frame on link1 to pass'],
    [
      'drops it',
      'await rabbit.run(`ip link',
      "await rabbit.filter('table ip t { chain c { type filter hook forward priority 0; ip length > 1300 drop; }; }');\n  await rabbit.run(`ip link",
      'ping',
    ],
  ),
  ...mutationsOf('mtu', 'reports an IPv4 packet that must not be fragmented', [
    'drops it in silence',
    'await rabbit.run(`ip link',
    "await rabbit.filter('table ip t { chain c { type filter hook output priority 0; icmp type destination-unreachable drop; }; }');\n  await rabbit.run(`ip link",
    'icmp.type == 3 && icmp.code == 4',
  ]),
  ...mutationsOf('mtu', 'reports an IPv6 packet that is too large, and its sender fragments the next', [
    'drops it in silence',
    'await rabbit.run(`ip link',
    "await rabbit.filter('table inet t { chain c { type filter hook output priority 0; icmpv6 type packet-too-big drop; }; }');\n  await rabbit.run(`ip link",
    'icmpv6.type == 2',
  ]),
  ...mutationsOf('nat', 'hides the hosts inside behind its own address', [
    'shows their addresses',
    'masquerade',
    'accept',
    'expected node0 to reach 203.0.113.2',
  ]),
  ...mutationsOf(
    'nat',
    'forwards a port to a server inside',
    ['forwards another port', 'tcp dport 8080', 'tcp dport 8081', 'curl'],
    ['forwards to another port', '${inside.host}:80;', '${inside.host}:81;', 'curl'],
  ),
  ...mutationsOf(
    'ospf',
    'takes the shortest path, and the detour when that fails',
    [
      'is in another area',
      "right.startRouting('10.0.1.2', ospf)",
      "right.startRouting('10.0.1.2', ospf.replace('area 0', 'area 1'))",
      'expected client to reach 192.168.2.2',
    ],
    [
      'prefers the detour',
      "left.startRouting('10.0.1.1', ospf)",
      "left.startRouting('10.0.1.1', ospf.replace('interface 10.0.0.0/16 {', 'interface 10.0.1.0/30 { type ptp; hello 1; dead 4; cost 100; };\\n interface 10.0.0.0/16 {'))",
      'via 10.0.1.2',
    ],
    ['speaks OSPF with hosts', '{ stub; }', '{ hello 1; }', 'expected no frame on client--left:0 to pass "ospf"'],
  ),
  ...mutationsOf('policy-routing', 'routes by the address of the sender', [
    'has no rule',
    'await rabbit.run(`ip rule add from ${guest} lookup ${table}`);',
    '',
    'ip.addr == 192.168.1.3',
  ]),
  ...mutationsOf('policy-routing', 'routes by the destination port', [
    'has a rule for another port',
    'dport 80 lookup',
    'dport 81 lookup',
    'curl',
  ]),
  ...mutationsOf(
    'power-cut',
    'a saved configuration survives a power cut',
    ['saves nothing', 'await rabbit.saveConfiguration();', '', 'expected node0 to reach 192.168.2.2'],
    [
      'saves what it should not',
      'await dut.powerCut();',
      "await rabbit.run('echo ip route add blackhole 192.0.2.0/24 >>/etc/rabbit/local', 'sync');\n  await dut.powerCut();",
      'the route that was not saved',
    ],
  ),
  ...mutationsOf(
    'rate-limit',
    'limits the rate of a link to 1 Mbit/s',
    ['limits to another rate', "'1mbit'", "'2mbit'", 'bit/s that iperf3 measured'],
    ['has no limit', "await rabbit.limitRate(1, '1mbit');", '', 'bit/s that iperf3 measured'],
  ),
  ...mutationsOf(
    'router-advertisements',
    'advertises itself, its prefix and a DNS server',
    [
      'advertises another lifetime',
      'default lifetime ${lifetime}',
      'default lifetime 900',
      'icmpv6.nd.ra.router_lifetime == 1800',
    ],
    ['names no DNS server', 'rdnss ${prefix}53;', '', 'icmpv6.opt.rdnss'],
    [
      'advertises itself on every link',
      'interface "eth0"',
      'interface "eth*"',
      'expected no frame on link1 to pass "icmpv6.type == 134"',
    ],
  ),
  ...mutationsOf('router-advertisements', 'withdraws itself as a router when it stops', [
    'stops without a word',
    "'birdc disable radv1'",
    "'killall -KILL bird'",
    'icmpv6.nd.ra.router_lifetime == 0',
  ]),
  ...mutationsOf(
    'vlan-trunk',
    'carries two networks over one cable, and keeps them apart',
    [
      'tags with another number',
      'await switchVlans(right);',
      "await switchVlans(right);\n  await right.run('bridge vlan del dev eth2 vid 10', 'bridge vlan del dev eth0 vid 10', 'bridge vlan add dev eth2 vid 11', 'bridge vlan add dev eth0 vid 11 pvid untagged');",
      'expected alice to reach 192.168.1.3',
    ],
    [
      'does not tag',
      'await switchVlans(right);',
      "await switchVlans(right);\n  for (const rabbit of [left, right]) await rabbit.run('bridge vlan add dev eth2 vid 10 pvid untagged');",
      'vlan.id == 10',
    ],
    [
      'does not keep them apart',
      'await switchVlans(right);',
      "await switchVlans(right);\n  for (const rabbit of [left, right]) await rabbit.run('bridge vlan add dev eth1 vid 10 pvid untagged');",
      'expected alice not to reach 192.168.1.5',
    ],
  ),
  ...mutationsOf(
    'vrrp',
    'the backup takes over in time when the active Rabbit freezes',
    ['waits too long', 'advert_int ${interval}', 'advert_int 2', 'expected'],
    ['has the priority of the other', 'keepalived(own)', 'keepalived(priority.right)', 'vrrp.prio == 200'],
  ),
  ...mutationsOf(
    'wireguard',
    'joins two networks by an encrypted tunnel',
    [
      'expects another key',
      'openTunnel(right, leftKey, office)',
      'openTunnel(right, rightKey, office)',
      'expected client to reach 192.168.2.2',
    ],
    ['sends beside the tunnel', 'dev tunnel`,', 'via ${peer.outside}`,', 'expected'],
  ),
  ...mutationsOf('wireguard', 'does not answer a peer with an unknown key', [
    'answers every key that it has heard of',
    'openTunnel(right, unknownKey, office)',
    "openTunnel(right, await left.run('wg pubkey </etc/wireguard.key'), office)",
    'expected client not to reach 192.168.2.2',
  ]),
];
