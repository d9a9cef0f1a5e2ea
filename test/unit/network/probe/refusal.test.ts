// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { refusalText } from '../../../../src/network/probe/refusal.ts';

const { EAGAIN, EHOSTUNREACH, ENETUNREACH, EPERM } = constants.errno;
const silent =
  'Probably nothing answers ARP or neighbour solicitations for 10.0.0.9 or the gateway to it. Check that something has this address and that its link is up';

test.each([
  ['its datagrams wait for the hardware address of the next hop', EAGAIN, `resource temporarily unavailable. ${silent}`],
  ['the next hop has not answered', EHOSTUNREACH, `host is unreachable. ${silent}`],
  ['the node has no route', ENETUNREACH, 'network is unreachable. Give it an address and a route'],
  ['anything else', EPERM, 'operation not permitted'],
])('why a node cannot send: %s', (_, errno, expected) => {
  expect(refusalText(errno, '10.0.0.9')).toBe(expected);
});
