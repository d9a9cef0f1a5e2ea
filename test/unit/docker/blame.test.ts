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
  ['curl with an option of the library', 48, 'curl: (48) An unknown option was passed in to libcurl', 'usage'],
  ['curl with a file that is not there', 26, 'curl: (26) Failed to open/read local data from file/application', 'usage'],
  [
    'a kernel without NAT',
    3,
    "iptables v1.8.9: can't initialize iptables table `nat': Table does not exist (do you need to insmod?)",
    'environment',
  ],
  ['a kernel without a classifier', 2, 'Error: TC classifier not found.', 'environment'],
  [
    'a kernel module that is not there',
    1,
    'modprobe: FATAL: Module 8021q not found in directory /lib/modules/6.1.0',
    'environment',
  ],
  ['a kernel without VLANs', 2, 'Error: Unknown device type.', 'environment'],
  ['a kernel without IPsec', 2, 'Error: Requested type not found.', 'environment'],
  ['an older iproute2 on it', 2, 'RTNETLINK answers: Operation not supported', 'environment'],
  ['a kernel without a queueing discipline', 2, 'Error: Specified qdisc kind is unknown.', 'environment'],
  ['a program that was killed', 137, '', 'environment'],
])('%s, exit status %d: %s', ([, code, stderr, fault]) => {
  expect(new ExecError('node0', ['x'], exitStatusOf(code), '', stderr).fault).toBe(fault);
});

test('the message says that the kernel of the host lacks something', () => {
  const error = new ExecError('node0', ['ip', 'link'], exitStatusOf(2), '', 'Error: Unknown device type.\n');
  expect(error.message).toBe(
    "node0: ip link ended with exit status 2: Error: Unknown device type. (nodes and apps use the kernel of Docker's host, which lacks this feature, or the feature's name is misspelt)",
  );
  expect(error.details).toBeUndefined();
});

test('a curl that is silent because of -s says by its exit status that its command line is wrong', () => {
  const faultOf = (command: readonly string[], code: number): Fault =>
    new ExecError('a', command, exitStatusOf(code), '', '').fault;
  expect([faultOf(['/usr/bin/curl', '-s', 'http://[x'], 3), faultOf(['curl', '-s'], 7), faultOf(['check'], 3)]).toEqual([
    'usage',
    'device',
    'device',
  ]);
});

test('a command of a shell is shown as its text, and other commands with quotes where a shell needs them', () => {
  const messageOf = (command: readonly string[]): string => new ExecError('node0', command, exitStatusOf(1), 'x', '').message;
  expect(messageOf(['sh', '-c', 'ip link; false'])).toBe('node0: ip link; false ended with exit status 1: x');
  expect(messageOf(['grep', 'a b'])).toBe("node0: grep 'a b' ended with exit status 1: x");
});

test('the error of a command has both outputs, as far as the message does not quote them', () => {
  const { message, details } = new ExecError('node0', ['curl', '-v'], exitStatusOf(7), '<p>\n', '* trying\ncurl: (7) refused\n');
  expect(message).toBe('node0: curl -v ended with exit status 7: curl: (7) refused');
  expect(details).toEqual([
    { title: 'Standard error', lines: ['* trying', 'curl: (7) refused'] },
    { title: 'Standard output', lines: ['<p>'] },
  ]);
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
      command: ['iperf3', '-c', 'a b'],
      exitStatus: exitStatusOf(code),
      stdout: 'usage',
      stderr: '',
      what: 'but …',
      blame: 'usage',
    });
  expect([0, 1, 137].map((code) => ended(code).fault)).toEqual(['usage', 'usage', 'environment']);
  expect(ended(0).message).toBe('iperf3@node0: the app ended with exit status 0, but …');
  expect(ended(1).message).toBe('iperf3@node0: the app ended with exit status 1: usage, but …');
  expect(ended(0).details).toEqual([
    { title: 'Command of the app', lines: ["iperf3 -c 'a b'"] },
    { title: 'Last standard output of the app', lines: ['usage'] },
  ]);
});
