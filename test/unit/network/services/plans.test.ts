// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { dhcpPlan, dnsPlan, httpPlan, ntpPlan, radiusPlan, syslogPlan, tftpPlan } from '../../../../src/network/index.ts';

const base = ['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--pid-file', '--no-resolv', '--no-hosts', '--interface=*'];
const noCapabilities = { capabilities: [], isRoot: false };

test('a DHCP server with the defaults', () => {
  expect(dhcpPlan(['192.168.1.1/24'], {}, false)).toEqual({
    command: [
      ...base,
      ...['--port=0', '--no-ping', '--dhcp-authoritative', '--log-dhcp', '--dhcp-leasefile=/tmp/leases', '--quiet-ra'],
      '--dhcp-range=192.168.1.128,192.168.1.254,86400s',
      ...['--dhcp-option=option:dns-server', '--dhcp-option=option6:dns-server'],
    ],
    capabilities: ['NET_ADMIN', 'NET_RAW'],
    isRoot: true,
    ports: [{ protocol: 'udp', port: 67 }],
  });
});

test('a DHCP server with all options, for IPv4 and IPv6', () => {
  const plan = dhcpPlan(
    ['192.168.1.1/24', 'fd00::1/64'],
    {
      range: ['192.168.1.5-192.168.1.9', 'fd00::5-fd00::9'],
      gateway: '192.168.1.2',
      dns: ['192.168.1.3', 'fd00::3'],
      domain: 'example',
      leaseSeconds: 600,
      hosts: [
        { mac: '52:54:00:00:00:01', address: '192.168.1.7', name: 'printer' },
        { mac: '52:54:00:00:00:01', address: 'fd00::7' },
      ],
      bootFile: 'pxelinux.0',
      nextServer: '192.168.1.4',
      options: { 42: '192.168.1.5' },
    },
    true,
  );
  expect(plan.command.slice(base.length + 6)).toEqual([
    ...['--dhcp-range=192.168.1.5,192.168.1.9,600s', '--dhcp-range=fd00::5,fd00::9,64,600s', '--enable-ra'],
    ...['--dhcp-option=option:router,192.168.1.2'],
    ...['--dhcp-option=option:dns-server,192.168.1.3', '--dhcp-option=option6:dns-server,[fd00::3]'],
    ...['--domain=example'],
    ...['--dhcp-host=52:54:00:00:00:01,192.168.1.7,printer', '--dhcp-host=52:54:00:00:00:01,[fd00::7]'],
    ...['--dhcp-boot=pxelinux.0,,192.168.1.4', '--dhcp-option=42,192.168.1.5'],
  ]);
  expect(plan.ports).toEqual([
    { protocol: 'udp', port: 67 },
    { protocol: 'udp', port: 547 },
  ]);
});

test('a DHCP server names the node as DNS server if the node has one', () => {
  const { command } = dhcpPlan(['192.168.1.1/24'], {}, true);
  expect(command.slice(-2)).toEqual(['--dhcp-option=option:dns-server,0.0.0.0', '--dhcp-option=option6:dns-server,[::]']);
});

test('a DNS server', () => {
  expect(dnsPlan({ records: { 'www.example': ['10.0.0.1', 'fd00::1'], host: '10.0.0.2' } })).toEqual({
    command: [
      ...base,
      ...['--log-queries', '--local=/#/', '--host-record=www.example,10.0.0.1,fd00::1', '--host-record=host,10.0.0.2'],
    ],
    ...noCapabilities,
    ports: [
      { protocol: 'udp', port: 53 },
      { protocol: 'tcp', port: 53 },
    ],
  });
});

test('a TFTP server and a web server offer files, and have no capability', () => {
  const served = { root: '/www' };
  expect(tftpPlan(served)).toEqual({
    command: [...base, '--port=0', '--enable-tftp', '--tftp-root=/srv/alpy'],
    ...noCapabilities,
    ports: [{ protocol: 'udp', port: 69 }],
    served,
  });
  const http = httpPlan({ ...served, port: 8080 });
  expect(http).toMatchObject({ ...noCapabilities, ports: [{ protocol: 'tcp', port: 8080 }], served });
  expect(http.environment?.['ALPY_SERVICE']).toContain('listen [::]:8080;');
});

test('servers for time, logs and log-ins', () => {
  expect(ntpPlan({ stratum: 3 })).toMatchObject({ capabilities: ['NET_RAW'], ports: [{ protocol: 'udp', port: 123 }] });
  expect(ntpPlan({ stratum: 3 }).environment?.['ALPY_SERVICE']).toContain('local stratum 3\n');
  expect(syslogPlan({})).toMatchObject({
    ...noCapabilities,
    ports: [
      { protocol: 'udp', port: 514 },
      { protocol: 'tcp', port: 514 },
    ],
  });
  const radius = radiusPlan({ secret: 'shared', users: { bob: String.raw`a"b\c` } });
  expect(radius).toMatchObject({
    ...noCapabilities,
    environment: { ALPY_USERS: String.raw`bob Cleartext-Password := "a\"b\\c"` },
  });
  expect(JSON.stringify(radius.command)).not.toContain('shared');
});
