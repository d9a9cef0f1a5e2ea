// SPDX-License-Identifier: GPL-3.0-or-later
import type { Attempt } from './attempt.ts';

/** Attempts to reach sockets of this machine and of another testbed. */
export const socketAttempts: readonly Attempt[] = [
  {
    name: 'connect to sockets of the daemon, the scheduler and the session by their paths',
    script: `tried(connect_unix(pack_sockaddr_un($_)), $_) for @sockets;`,
    refused: ['ENOENT'],
    refusedIn: { user: ['ENOENT', 'EACCES'], qemu: ['ENOENT', 'EACCES'] },
  },
  {
    name: 'connect to an abstract socket of this machine',
    script: `tried(connect_unix(pack_sockaddr_un("\\0$abstract")));`,
    refused: ['ECONNREFUSED'],
  },
  {
    name: 'connect to addresses of this machine',
    script: `tried(connect_tcp($_, $port), $_) for @addresses;`,
    refused: ['ENETUNREACH', 'ECONNREFUSED'],
  },
  {
    name: "connect to the daemon's ports",
    script: `for my $address (@addresses) { tried(connect_tcp($address, $_), "$address:$_") for 2375, 2376 }`,
    refused: ['ENETUNREACH', 'ECONNREFUSED'],
    control: 'ECONNREFUSED',
  },
  {
    name: 'connect to an abstract socket of another testbed',
    script: `tried(connect_unix(pack_sockaddr_un("\\0$otherAbstract")));`,
    refused: ['ECONNREFUSED'],
    controlIn: 'other testbed',
  },
  {
    name: 'connect to an address of another testbed',
    script: `tried(connect_tcp($otherAddress, $otherPort));`,
    refused: ['ENETUNREACH', 'ECONNREFUSED'],
    controlIn: 'other testbed',
  },
  {
    name: 'open shared memory of System V of this machine',
    script: `tried(defined shmget($ipcKey, 1, 0));`,
    refused: ['ENOENT'],
  },
  {
    name: 'connect to a virtual socket, which no namespace isolates',
    script: `my $is = socket(my $socket, 40, SOCK_STREAM, 0);
      # the port on which the control's process listens
      tried($is && connect($socket, pack('SSLLx4', 40, 0, $vsockPort, 1)));`,
    refused: ['EPERM', 'EAFNOSUPPORT'],
    lacking: ['EAFNOSUPPORT', 'ENODEV', 'ECONNRESET', 'ETIMEDOUT'],
  },
];
