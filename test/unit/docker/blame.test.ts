// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Fault } from '../../../src/core/errors.ts';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { AppEndedError, ExecError } from '../../../src/docker/index.ts';

// what the programs of the images print
test.for<[string, number, string, Fault]>([
  ['curl without an answer', 28, 'curl: (28) Connection timed out after 5001 milliseconds', 'device'],
  ['curl that gets an error page', 22, 'curl: (22) The requested URL returned error: 500', 'device'],
  [
    'curl that is refused',
    7,
    "curl: (7) Failed to connect to 192.168.1.1 port 80 after 0 ms: Couldn't connect to server",
    'device',
  ],
  ['a ping without an answer', 1, '', 'device'],
  ['a name that is not resolved', 2, 'ping: a.example: Temporary failure in name resolution', 'device'],
  ["a test's own check", 1, 'expected 5 replies, got 3', 'device'],
  [
    'curl with a wrong option',
    2,
    "curl: option --nope: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information",
    'usage',
  ],
  ['curl with a wrong value', 2, 'curl: option --max-time: expected a proper numerical parameter\n', 'usage'],
  ['curl with a malformed URL', 3, 'curl: (3) bad range in URL position 9:\nhttp://[x\n        ^', 'usage'],
  ['iperf3 with a wrong option', 1, "iperf3: unrecognized option '--nope'\n\nUsage: iperf3 [-s|-c host] [options]", 'usage'],
  ['iperf3 without a value', 1, "iperf3: option requires an argument -- 'c'\n", 'usage'],
  ['ping with a wrong option', 2, "ping: invalid option -- 'Z'\n\nUsage\n  ping [options] <destination>", 'usage'],
  ['ip with a wrong word', 1, 'Object "lnk" is unknown, try "ip help".', 'usage'],
  ['ip with a wrong address', 1, 'Error: any valid prefix is expected rather than "1.2.3.4.5".', 'usage'],
  ['ip that sets what is set already', 2, 'RTNETLINK answers: File exists', 'usage'],
  ['a shell with a syntax error', 2, 'sh: 1: Syntax error: end of file unexpected (expecting "then")', 'usage'],
  ['a program that is not there', 127, 'sh: 1: nosuch: not found', 'usage'],
  [
    'a server whose port is taken',
    1,
    'iperf3: error - unable to start listener for connections: Address already in use',
    'usage',
  ],
  ['a kernel without VLANs', 2, 'Error: Unknown device type.', 'environment'],
  ['an older iproute2 on it', 2, 'RTNETLINK answers: Operation not supported', 'environment'],
  ['a kernel without a queueing discipline', 2, 'Error: Specified qdisc kind is unknown.', 'environment'],
  ['a program that was killed', 137, '', 'environment'],
])('%s, exit status %d: %s', ([, code, stderr, fault]) => {
  expect(new ExecError('node0', ['x'], exitStatusOf(code), '', stderr).fault).toBe(fault);
});

test('the message says that the kernel of the host lacks something', () => {
  const error = new ExecError('node0', ['ip', 'link'], exitStatusOf(2), '', 'Error: Unknown device type.\n');
  expect(error.message).toBe(
    'node0: ip link: exit status 2; the kernel of the host lacks this feature, or its name is misspelt; its last output was:\nError: Unknown device type.',
  );
});

test('what a device prints on standard output does not change the fault', () => {
  expect(new ExecError('a', ['curl'], exitStatusOf(22), 'usage: unknown option', '').fault).toBe('device');
});

test("a failure of alpy's own commands is never a fault of the device", () => {
  expect(new ExecError('node0', ['sh'], exitStatusOf(1), '', 'oh', 'environment').fault).toBe('environment');
});

test('an app that ends unexpectedly is not an environment error, unless it was killed', () => {
  const ended = (code: number): AppEndedError =>
    new AppEndedError('iperf3@node0', {
      exitStatus: exitStatusOf(code),
      stdout: 'usage',
      stderr: '',
      what: 'but …',
      blame: 'usage',
    });
  expect([0, 1, 137].map((code) => ended(code).fault)).toEqual(['usage', 'usage', 'environment']);
  expect(ended(0).message).toBe('iperf3@node0: the app ended with exit status 0, but …; its last output was:\nusage');
});
