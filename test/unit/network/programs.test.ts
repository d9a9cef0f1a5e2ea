// SPDX-License-Identifier: GPL-3.0-or-later
// What programs on nodes print.
import { expect, test } from 'vitest';
import { parseCounters } from '../../../src/network/counters.ts';
import { parsePing } from '../../../src/network/ping.ts';

test('the report of a ping with answers', () => {
  const output = `PING 192.168.2.2 (192.168.2.2) 56(84) bytes of data.
64 bytes from 192.168.2.2: icmp_seq=1 ttl=63 time=9.51 ms

--- 192.168.2.2 ping statistics ---
3 packets transmitted, 2 received, 33.3333% packet loss, time 401ms
rtt min/avg/max/mdev = 1.049/8.317/22.354/9.927 ms
`;
  expect(parsePing(output)).toEqual({ sent: 3, received: 2, averageMs: 8.317 });
});

test('the report of a ping without answers, and of one with errors', () => {
  expect(parsePing('3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2042ms\npipe 3\n')).toEqual({
    sent: 3,
    received: 0,
    averageMs: undefined,
  });
});

// printed by ping when each request gets a second answer, with a sequence number that was not sent yet
test('a ping does not count answers to requests that it has not sent', () => {
  const output = `PING 10.9.0.2 (10.9.0.2) 56(84) bytes of data.
64 bytes from 10.9.0.2: icmp_seq=1 ttl=64 time=0.172 ms
64 bytes from 10.9.0.2: icmp_seq=6 ttl=64 time=0.191 ms
64 bytes from 10.9.0.2: icmp_seq=2 ttl=64 time=0.207 ms

--- 10.9.0.2 ping statistics ---
2 packets transmitted, 3 received, -50% packet loss, time 201ms
rtt min/avg/max/mdev = 0.172/0.190/0.207/0.014 ms
`;
  expect(parsePing(output)).toEqual({ sent: 2, received: 2, averageMs: 0.19 });
  const onlyStray = `64 bytes from 10.9.0.2: icmp_seq=7 ttl=64 time=1 ms\n1 packets transmitted, 1 received, 0% packet loss, time 0ms`;
  expect(parsePing(onlyStray)).toMatchObject({ sent: 1, received: 0 });
  expect(parsePing('1 packets transmitted, 2 received, -100% packet loss, time 0ms')).toMatchObject({ sent: 1, received: 1 });
});

// printed by ping -c 3 -w 10 when the answers take 0.7 s
test('a ping does not count requests whose answers it did not wait for, but those that got lost', () => {
  const output = `64 bytes from 192.168.2.2: icmp_seq=1 ttl=63 time=702 ms
64 bytes from 192.168.2.2: icmp_seq=2 ttl=63 time=701 ms
64 bytes from 192.168.2.2: icmp_seq=3 ttl=63 time=700 ms

6 packets transmitted, 3 received, 50% packet loss, time 1003ms
rtt min/avg/max/mdev = 700.0/701.0/702.0/0.800 ms
`;
  expect(parsePing(output, 3)).toEqual({ sent: 3, received: 3, averageMs: 701 });
  expect(parsePing(output.replace('icmp_seq=3', 'icmp_seq=5'), 3)).toMatchObject({ sent: 5, received: 3 });
  expect(parsePing(output, 4)).toMatchObject({ sent: 6, received: 3 }); // the time was over
  // ping reads all answers that are there before it looks at their number
  expect(parsePing(output, 2)).toMatchObject({ sent: 2, received: 2 });
  const refused =
    'From 10.9.0.1 icmp_seq=1 Destination Host Unreachable\n2 packets transmitted, 0 received, +1 errors, 100% packet loss\n';
  expect(parsePing(refused, 1)).toMatchObject({ sent: 2, received: 0 });
});

test('a ping that fails has no report', () => {
  expect(parsePing('ping: connect: Network is unreachable\n')).toBeUndefined();
});

test('the counters of an interface, or an error if ip prints none', () => {
  const stats64 = { rx: { bytes: 1, packets: 12, errors: 0, dropped: 1 }, tx: { bytes: 2, packets: 34, errors: 0, dropped: 2 } };
  expect(parseCounters(JSON.stringify([{ ifname: 'eth0', stats64 }]))).toEqual({
    receivedFrames: 12,
    sentFrames: 34,
    dropped: 3,
  });
  expect(() => parseCounters('[{}]')).toThrow('expected counters of an interface from ip, got: [{}]');
});
