// SPDX-License-Identifier: GPL-3.0-or-later
/** Carrot: the shared library of Rabbit's tests. Use it as a starting point for the library of your own appliance. @module carrot */
export { requestLease, type Lease } from './dhcp.ts';
export { measureTcp, type TcpMeasurement } from './iperf.ts';
export { serveHttp, getMany } from './http.ts';
export { Rabbit, test } from './rabbit.ts';
export { describe, expect, probe } from 'alpy/test';
