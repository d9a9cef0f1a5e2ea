// SPDX-License-Identifier: GPL-3.0-or-later
// The lines are those of the programs in the image `traffic`.
import { expect, test } from 'vitest';
import { LeaseReader, readQuery, readTftp } from '../../../../src/network/services/dnsmasq.ts';
import { readHttp } from '../../../../src/network/services/http.ts';
import { readNtp } from '../../../../src/network/services/ntp.ts';
import { listeningPorts } from '../../../../src/network/services/ports.ts';
import { readRadius } from '../../../../src/network/services/radius.ts';
import { readSyslog } from '../../../../src/network/services/syslog.ts';

/** What a reader finds in lines. */
function found<T>(read: (line: string) => T | undefined, text: string): readonly T[] {
  return text.split('\n').flatMap((line) => read(line.trim()) ?? []);
}

test('queries', () => {
  const lines = `dnsmasq: started, version 2.91 cachesize 150
    dnsmasq: query[AAAA] www.example from 192.168.1.1
    dnsmasq: config www.example is fd00::5`;
  expect(found(readQuery, lines)).toEqual([{ name: 'www.example', type: 'AAAA', client: '192.168.1.1' }]);
});

test('files', () => {
  const lines = `dnsmasq-tftp: TFTP root is /srv/alpy
    dnsmasq-tftp: sent /srv/alpy/boot/menu.cfg to 192.168.1.5
    dnsmasq-tftp: file /srv/alpy/no/such not found for fd00::5
    dnsmasq-tftp: failed sending /srv/alpy/large to 192.168.1.5`;
  expect(found(readTftp, lines)).toEqual([
    { file: 'boot/menu.cfg', client: '192.168.1.5', isSent: true },
    { file: 'no/such', client: 'fd00::5', isSent: false },
    { file: 'large', client: '192.168.1.5', isSent: false },
  ]);
});

test('leases', () => {
  const reader = new LeaseReader();
  const lines = `dnsmasq-dhcp: 2101 DHCPDISCOVER(eth0) 52:54:00:A1:00:00
    dnsmasq-dhcp: 2101 DHCPACK(eth0) 192.168.1.150 52:54:00:A1:00:00 rabbit
    dnsmasq-dhcp: 77 client MAC address: 52:54:00:a1:00:00
    dnsmasq-dhcp: 77 DHCPREPLY(eth0) fd00::1a2 00:03:00:01:52:54:00:a1:00:00
    dnsmasq-dhcp: 9 DHCPACK(eth0) 192.168.1.151 52:54:00:a1:00:01`;
  const mac = '52:54:00:a1:00:00';
  expect(found((line) => reader.read(line), lines)).toEqual([
    { address: '192.168.1.150', mac, name: 'rabbit' },
    { address: 'fd00::1a2', mac, name: undefined },
    { address: '192.168.1.151', mac: '52:54:00:a1:00:01', name: undefined },
  ]);
});

test('requests of a web server', () => {
  const request = { method: 'GET', path: '/a?b=1', status: 404, client: '192.168.1.5', userAgent: 'curl/8' };
  const lines = `2026/11/27 10:20:36 [notice] 1#1: using the "epoll" event method\n${JSON.stringify(request)}\n{"status":\n{}`;
  expect(found(readHttp, lines)).toEqual([request]);
});

test('messages', () => {
  const message = { client: '192.168.1.5', facility: 'user', severity: 'notice', program: 'app', text: 'up' };
  const line = JSON.stringify({ ...message, text: ' up' });
  expect(found(readSyslog, `rsyslogd 8: running\n${line}`)).toEqual([message]);
});

test('questions for the time', () => {
  const lines = `listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes
    eth0  In  IP 192.168.1.5.51234 > 192.168.1.1.123: NTPv4, Client, length 48
    eth0  Out IP 192.168.1.1.51234 > 192.168.1.7.123: NTPv4, Client, length 48
    eth12 In  IP6 fd00::5.123 > fd00::1.123: NTPv4, Client, length 48`;
  expect(found(readNtp, lines)).toEqual([{ client: '192.168.1.5' }, { client: 'fd00::5' }]);
});

test('log-ins', () => {
  const lines = `Fri Nov 27 10:22:46 2026 : Info: Ready to process requests
    Fri Nov 27 10:22:50 2026 : Auth: (0) Login OK: [bob] (from client ipv4 port 0)
    Fri Nov 27 10:22:51 2026 : Auth: (1) Login incorrect (pap: Cleartext password does not match "known good" password): [bob/<via Auth-Type = PAP>] (from client ipv4 port 0)`;
  expect(found(readRadius, lines)).toEqual([
    { user: 'bob', isAccepted: true },
    { user: 'bob', isAccepted: false },
  ]);
});

test('ports on which programs listen', () => {
  const sockets = `tcp
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0101A8C0:0050 0501A8C0:C001 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
tcp6
udp
 175: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3 2 0 0
udp6
 655: 00000000000000000000000000000000:0223 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4 2 0 0`;
  expect(listeningPorts(sockets)).toEqual([
    { protocol: 'tcp', port: 80 },
    { protocol: 'udp', port: 67 },
    { protocol: 'udp', port: 547 },
  ]);
});
