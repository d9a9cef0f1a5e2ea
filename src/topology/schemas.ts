// SPDX-License-Identifier: GPL-3.0-or-later
// Apart from index.ts, so that modules that need no schema do not load zod.
export { address, interfaceConfig } from './interface-schema.ts';
export { nodeChanges, nodeConfig } from './node-schema.ts';
export {
  dhcpOptions,
  dnsOptions,
  httpOptions,
  ntpOptions,
  radiusOptions,
  syslogOptions,
  tftpOptions,
} from './service-schemas.ts';
