// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { ExecError } from '../../../src/docker/index.ts';
import { featureRemedy, featuresOf, kernelFeatures } from '../../../src/docker/kernel-features.ts';

test.each([
  ['ip link add link eth0 name eth0.5 type vlan id 5', '8021q'],
  ['ip link add br0 type bridge', 'bridge'],
  ['ip link add bond0 type bond mode 802.3ad', 'bonding'],
  ['ip link add vx type vxlan id 5 dstport 4789', 'vxlan'],
  ['ip link add g type gretap remote 10.0.0.1', 'ip_gre'],
  ['ip link add t type ipip remote 10.0.0.1', 'ipip'],
  ['ip link add wg0 type wireguard', 'wireguard'],
  ['ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 1', 'esp4'],
  ['tc qdisc add dev eth0 root netem delay 20ms', 'sch_netem'],
  ['tc qdisc add dev eth0 root tbf rate 1mbit', 'sch_tbf'],
  ['/usr/sbin/nft add table inet x', 'nf_tables'],
  ['iptables -t nat -L', 'nf_tables'],
  ['ip link add d type dummy', 'dummy'],
  ['ip link add v type vrf table 10', 'vrf'],
  ['ip link add link eth0 name m type macvtap', 'macvlan'],
])('%s needs the module %s', (command, module) => {
  const { attempt } = kernelFeatures.find((feature) => feature.module === module)!;
  for (const words of [command.split(' '), ['sh', '-c', command], ...(attempt === undefined ? [] : [[attempt]])])
    expect(featuresOf(words).map((feature) => feature.module)).toEqual([module]);
});

test('a command that shows no feature needs none', () => {
  expect(featuresOf(['ip', 'address', 'add', '10.0.0.1/24', 'dev', 'eth0'])).toEqual([]);
});

test('each module has one feature', () => {
  expect(new Set(kernelFeatures.map(({ module }) => module)).size).toBe(kernelFeatures.length);
});

test('an error names the feature and what to do', () => {
  const command = ['ip', 'link', 'add', 'link', 'eth0', 'name', 'eth0.5', 'type', 'vlan', 'id', '5'];
  const error = new ExecError('node0', command, exitStatusOf(2), '', 'Error: Unknown device type.\n');
  expect(error.fault).toBe('environment');
  expect(error.message).toBe(
    'node0: ip link add link eth0 name eth0.5 type vlan id 5 ended with exit status 2: Error: Unknown device type. (nodes and apps use the kernel of Docker\'s host, which lacks VLANs (802.1Q): try "sudo modprobe 8021q" there, or run it on a node of kind guest; docs/nodes-and-the-hosts-kernel.md says what else helps)',
  );
});

test('several features of a script are named together', () => {
  const script = ['sh', '-c', 'ip link add bond0 type bond; ip link add link bond0 name v type vlan id 5'];
  const { message } = new ExecError('node0', script, exitStatusOf(2), '', 'RTNETLINK answers: Operation not supported');
  expect(message).toContain('lacks VLANs (802.1Q) or bonding: try "sudo modprobe -a 8021q bonding" there');
  expect(featureRemedy(featuresOf(script))).toBe('sudo modprobe -a 8021q bonding');
});
