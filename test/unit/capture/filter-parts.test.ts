// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { filterParts } from '../../../src/capture/filter-parts.ts';

test.for<[string, readonly (readonly [string, string?])[]]>([
  ['', []],
  ['icmp', [['icmp', 'icmp']]],
  ['icmp.type == 8 && ip.dst==192.168.1.2', [['icmp.type == 8', 'icmp.type'], ['ip.dst==192.168.1.2', 'ip.dst']]], // prettier-ignore
  ['(udp.port eq 53 and (ip.src != 10.0.0.1))', [['udp.port eq 53', 'udp.port'], ['ip.src != 10.0.0.1', 'ip.src']]], // prettier-ignore
  ['udp && (dns or ntp)', [['udp', 'udp'], ['dns or ntp']]], // prettier-ignore
  ['tcp && ip.src == 1.2.3.4 || arp', [['tcp && ip.src == 1.2.3.4 || arp']]],
  ['frame contains "a && b" && not arp', [['frame contains "a && b"'], ['not arp']]], // prettier-ignore
  ['!(ip.src == 1.2.3.4) AND eth[0:2] == aa:bb', [['!(ip.src == 1.2.3.4)'], ['eth[0:2] == aa:bb']]], // prettier-ignore
  ['tcp.port in {80, 443} && tcp.flags.syn', [['tcp.port in {80, 443}', 'tcp.port'], ['tcp.flags.syn', 'tcp.flags.syn']]], // prettier-ignore
  ['http.host matches "a\\"b && c"', [['http.host matches "a\\"b && c"', 'http.host']]],
  ['lower(http.host) == "a"', [['lower(http.host) == "a"']]],
  ['(arp) && (icmp)', [['arp', 'arp'], ['icmp', 'icmp']]], // prettier-ignore
  ['wlan.band and ip.android', [['wlan.band', 'wlan.band'], ['ip.android', 'ip.android']]], // prettier-ignore
])('%s', ([filter, parts]) => {
  expect(filterParts(filter)).toEqual(parts.map(([text, field]) => ({ text, ...(field === undefined ? {} : { field }) })));
});
