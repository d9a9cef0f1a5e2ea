// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

/**
 * Why the kernel of a node refuses to send, and what to do. Pure.
 * @param errno - number of the system, above 0
 * @param to - address of the destination
 */
export function refusalText(errno: number, to: string): string {
  const { EADDRNOTAVAIL, EAGAIN, EHOSTUNREACH, ENETUNREACH } = constants.errno;
  const why = getSystemErrorMessage(-errno);
  switch (errno) {
    case EAGAIN: // the socket's buffer is full of datagrams that wait until the hardware address of the next hop is known
    case EHOSTUNREACH:
      return `${why}. Probably nothing answers ARP or neighbour solicitations for ${to} or the gateway to it. Check that something has this address and that its link is up`;
    case EADDRNOTAVAIL:
    case ENETUNREACH:
      return `${why}. Give it an address and a route`;
    default:
      return why;
  }
}
