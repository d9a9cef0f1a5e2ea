// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../../core/arguments.ts';
import type { Wait } from '../../core/deadline.ts';
import { describePattern, matcherOf, type Pattern } from '../../core/pattern.ts';
import { pattern, text, waitOptions } from '../../core/schemas.ts';
import type { App } from '../app.ts';
import { LeaseReader, readQuery, readTftp, type DnsQuery, type Lease, type TftpRequest } from './dnsmasq.ts';
import { readHttp, type HttpRequest } from './http.ts';
import { readNtp, type NtpRequest } from './ntp.ts';
import { readRadius, type RadiusRequest } from './radius.ts';
import { Service } from './service.ts';
import { readSyslog, type SyslogMessage } from './syslog.ts';
import type { DhcpServer, DnsServer, HttpServer, NtpServer, RadiusServer, SyslogServer, TftpServer } from './types.ts';

const mac = text.regex(/^([\da-f]{2}:){5}[\da-f]{2}$/i, { error: 'a MAC address, such as 52:54:00:12:34:56' });

const check = {
  lease: argumentsOf('dhcp.lease', { client: mac.optional(), wait: waitOptions }),
  query: argumentsOf('dns.query', { name: pattern, wait: waitOptions }),
  http: argumentsOf('http.request', { path: pattern, wait: waitOptions }),
  tftp: argumentsOf('tftp.request', { file: pattern, wait: waitOptions }),
  ntp: argumentsOf('ntp.request', { wait: waitOptions }),
  waitFor: argumentsOf('syslog.waitFor', { pattern, wait: waitOptions }),
  radius: argumentsOf('radius.request', { user: pattern, wait: waitOptions }),
};

/** See {@link DhcpServer}. */
export class Dhcp extends Service<Lease> implements DhcpServer {
  /** @param earlier - leases that an earlier server gave */
  constructor(app: App, earlier: readonly Lease[] = []) {
    const reader = new LeaseReader();
    super(app, (line) => reader.read(line));
    this.recall(earlier);
  }

  async lease(client?: string, wait: Partial<Wait> = {}): Promise<Lease> {
    check.lease(arguments);
    const what = `a lease for ${client ?? 'any client'}`;
    return await this.waitUntilSeen((lease) => client === undefined || lease.mac === client.toLowerCase(), what, wait);
  }
}

/** See {@link DnsServer}. */
export class Dns extends Service<DnsQuery> implements DnsServer {
  constructor(app: App) {
    super(app, readQuery);
  }

  async query(name: Pattern, wait: Partial<Wait> = {}): Promise<DnsQuery> {
    check.query(arguments);
    const isAsked = exactly(name);
    return await this.waitUntilSeen((query) => isAsked(query.name), `a query for ${describePattern(name)}`, wait);
  }
}

/** See {@link HttpServer}. */
export class Http extends Service<HttpRequest> implements HttpServer {
  constructor(app: App) {
    super(app, readHttp);
  }

  async request(path: Pattern, wait: Partial<Wait> = {}): Promise<HttpRequest> {
    check.http(arguments);
    const isAsked = exactly(path);
    const matches = (one: HttpRequest): boolean =>
      isAsked(typeof path === 'string' && !path.includes('?') ? (one.path.split('?')[0] ?? '') : one.path);
    return await this.waitUntilSeen(matches, `a request for ${describePattern(path)}`, wait);
  }
}

/** See {@link TftpServer}. */
export class Tftp extends Service<TftpRequest> implements TftpServer {
  constructor(app: App) {
    super(app, readTftp);
  }

  async request(file: Pattern, wait: Partial<Wait> = {}): Promise<TftpRequest> {
    check.tftp(arguments);
    const isAsked = exactly(typeof file === 'string' ? file.replace(/^\/+/, '') : file);
    return await this.waitUntilSeen((one) => isAsked(one.file), `a request for ${describePattern(file)}`, wait);
  }
}

/** See {@link NtpServer}. */
export class Ntp extends Service<NtpRequest> implements NtpServer {
  constructor(app: App) {
    super(app, readNtp);
  }

  async request(wait: Partial<Wait> = {}): Promise<NtpRequest> {
    check.ntp(arguments);
    return await this.waitUntilSeen(() => true, 'a client that asks for the time', wait);
  }
}

/** See {@link SyslogServer}. */
export class Syslog extends Service<SyslogMessage> implements SyslogServer {
  constructor(app: App) {
    super(app, readSyslog);
  }

  async waitFor(expected: Pattern, wait: Partial<Wait> = {}): Promise<SyslogMessage> {
    check.waitFor(arguments);
    const isExpected = matcherOf(expected);
    const what = `a message that matches ${describePattern(expected)}`;
    return await this.waitUntilSeen(({ program, text: said }) => isExpected(`${program}: ${said}`), what, wait);
  }
}

/** See {@link RadiusServer}. */
export class Radius extends Service<RadiusRequest> implements RadiusServer {
  constructor(app: App) {
    super(app, readRadius);
  }

  async request(user: Pattern, wait: Partial<Wait> = {}): Promise<RadiusRequest> {
    check.radius(arguments);
    const isUser = exactly(user);
    return await this.waitUntilSeen((one) => isUser(one.user), `a request for the user ${describePattern(user)}`, wait);
  }
}

/** Unlike in a search, a text must be all of it. */
function exactly(expected: Pattern): (found: string) => boolean {
  return typeof expected === 'string' ? (found) => found === expected : matcherOf(expected);
}
