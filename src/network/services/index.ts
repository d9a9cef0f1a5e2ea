// SPDX-License-Identifier: GPL-3.0-or-later
export { dhcpPlan, dnsPlan, tftpPlan, type DnsQuery, type Lease, type TftpRequest } from './dnsmasq.ts';
export { NodeServiceError, ServiceTimeoutError } from './errors.ts';
export { httpPlan, type HttpRequest } from './http.ts';
export { NodeServices } from './node-services.ts';
export { ntpPlan, type NtpRequest } from './ntp.ts';
export type { ServicePlan } from './plan.ts';
export { takenPorts } from './ports.ts';
export { radiusPlan, type RadiusRequest } from './radius.ts';
export { listServedFiles, type ServedFile } from './served-files.ts';
export { Dhcp, Dns, Http, Ntp, Radius, Syslog, Tftp } from './servers.ts';
export { startService, type ServiceRequest } from './start.ts';
export { syslogPlan, type SyslogMessage } from './syslog.ts';
export type {
  DhcpServer,
  DnsServer,
  HttpServer,
  NtpServer,
  RadiusServer,
  RunningServices,
  SyslogServer,
  TftpServer,
} from './types.ts';
