// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../../core/deadline.ts';
import type { Pattern } from '../../core/pattern.ts';
import type { DnsQuery, Lease, TftpRequest } from './dnsmasq.ts';
import type { HttpRequest } from './http.ts';
import type { NtpRequest } from './ntp.ts';
import type { RadiusRequest } from './radius.ts';
import type { SyslogMessage } from './syslog.ts';

/** A running server beside a node. It runs until the testbed ends, or until it is disposed. */
interface Server<Seen> extends AsyncDisposable {
  /** in logs and messages: `dhcp@node0` */
  readonly name: string;
  /** everything that it has seen so far, in order; of very much, the last 10000 */
  readonly seen: readonly Seen[];
}

// Every wait takes `timeoutMs`, 60 s by default, and counts what the server has already seen.

/** A running DHCP server. One that the configuration declares knows, after a restore, the leases that the guest got when it booted. */
export interface DhcpServer extends Server<Lease> {
  /**
   * Waits until a client has a lease.
   * @param client - its MAC address; default: any client
   * @throws ServiceTimeoutError if it gets none in time
   */
  lease: (client?: string, wait?: Partial<Wait>) => Promise<Lease>;
}

/** A running DNS server. */
export interface DnsServer extends Server<DnsQuery> {
  /**
   * Waits until somebody asks for a name.
   * @throws ServiceTimeoutError if nobody does in time
   */
  query: (name: Pattern, wait?: Partial<Wait>) => Promise<DnsQuery>;
}

/** A running web server. */
export interface HttpServer extends Server<HttpRequest> {
  /**
   * Waits until a request has ended, whatever its status.
   * @param path - all of the path, without its query; or an expression that matches the path with its query
   * @throws ServiceTimeoutError if none has in time
   */
  request: (path: Pattern, wait?: Partial<Wait>) => Promise<HttpRequest>;
}

/** A running TFTP server. */
export interface TftpServer extends Server<TftpRequest> {
  /**
   * Waits until a request has ended, whether the client got the file or not.
   * @param file - its path, with or without a leading slash
   * @throws ServiceTimeoutError if none has in time
   */
  request: (file: Pattern, wait?: Partial<Wait>) => Promise<TftpRequest>;
}

/** A running NTP server. */
export interface NtpServer extends Server<NtpRequest> {
  /**
   * Waits until a client asks for the time.
   * @throws ServiceTimeoutError if none does in time
   */
  request: (wait?: Partial<Wait>) => Promise<NtpRequest>;
}

/** A running syslog server. */
export interface SyslogServer extends Server<SyslogMessage> {
  /**
   * Waits for a message.
   * @param pattern - matches `PROGRAM: TEXT`
   * @throws ServiceTimeoutError if none matches in time
   */
  waitFor: (pattern: Pattern, wait?: Partial<Wait>) => Promise<SyslogMessage>;
}

/** A running RADIUS server. */
export interface RadiusServer extends Server<RadiusRequest> {
  /**
   * Waits until a client asks whether a user may log in.
   * @throws ServiceTimeoutError if none does in time
   */
  request: (user: Pattern, wait?: Partial<Wait>) => Promise<RadiusRequest>;
}

/** The services that a configuration can declare, running. */
export interface RunningServices {
  readonly dhcp: DhcpServer;
  readonly dns: DnsServer;
  readonly http: HttpServer;
  readonly tftp: TftpServer;
  readonly ntp: NtpServer;
  readonly syslog: SyslogServer;
}
