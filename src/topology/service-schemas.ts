// SPDX-License-Identifier: GPL-3.0-or-later
import { byName, either, listOf, options, path, text, wholeNumber } from '../core/schemas.ts';
import { address, addresses } from './interface-schema.ts';
import { isAddress } from './ip.ts';
import type {
  DhcpOptions,
  DnsOptions,
  HttpOptions,
  NtpOptions,
  RadiusOptions,
  ServedFiles,
  SyslogOptions,
  TftpOptions,
} from './node-config.ts';

type Texts = string | readonly string[];
type Host = NonNullable<DhcpOptions['hosts']>[number];

// What becomes part of a configuration file or of a comma-separated argument has no character that means something there.
const word = (what: string, pattern: RegExp) => text.regex(pattern, { error: what });
const aName = 'a name of letters, digits, dots, dashes and underscores';
const namePattern = /^(?!-)[\w.-]{1,253}$/;
const name = word(aName, namePattern);
const plain = word('text without control characters', /^[^\p{Cc}]+$/u);
const mac = word('a MAC address, such as 52:54:00:12:34:56', /^([\da-f]{2}:){5}[\da-f]{2}$/i);
const aRange = 'the first and the last address of a range, such as 192.168.1.100-192.168.1.199';
const range = word(aRange, /^[\d.:a-f]+-[\d.:a-f]+$/i).refine((value) => value.split('-').every(isAddress), { error: aRange });
const addressOrList = either<Texts>(addresses, address, listOf(address, addresses, 1));
const ranges = 'a range of addresses, such as 192.168.1.100-192.168.1.199, or a list of two, for IPv4 and IPv6';

export const dhcpOptions = options<DhcpOptions>({
  range: either<Texts>(ranges, range, listOf(range, ranges, 1))
    .optional()
    .describe(
      'first and last address that it gives out, such as 192.168.1.100-192.168.1.199, or a list of two, for IPv4 and IPv6; default: the upper half of each of the networks of the node',
    ),
  gateway: address.optional().describe('default route of the clients, for IPv4; default: the node'),
  dns: addressOrList.optional().describe('DNS servers of the clients; default: the node, if it has `dns`'),
  domain: name.optional().describe('domain of the clients'),
  leaseSeconds: wholeNumber(120).optional().describe('how long a lease lasts, in s; default 86400'),
  hosts: listOf(options<Host>({ mac, address, name: name.optional() }), 'a list of clients, each { mac, address, name }')
    .optional()
    .describe('clients that always get the same address, each `{ mac, address, name }`'),
  bootFile: plain.optional().describe('file to boot from, or its URL'),
  nextServer: address.optional().describe('TFTP server that has the boot file; default: the node'),
  options: byName(plain, 'DHCP options by number, such as { 66: 192.168.1.1 }')
    .refine((value) => Object.keys(value).every((key) => /^\d{1,3}$/.test(key) && Number(key) > 0 && Number(key) < 255), {
      error: 'DHCP options by number from 1 to 254, such as { 66: 192.168.1.1 }',
    })
    .optional()
    .describe('other DHCPv4 options, by number'),
});

const aRecord = 'addresses of names, such as { www.example: 192.168.1.2 }';
export const dnsOptions = options<DnsOptions>({
  records: byName(addressOrList, aRecord)
    .refine((value) => Object.keys(value).every((key) => namePattern.test(key)), { error: aRecord })
    .optional()
    .describe('an address, or a list of them, for each name; all other names do not exist'),
});

const someFiles = 'files by their path, each its content or { file: PATH }';
const servedFiles = {
  root: path.optional().describe('folder with the files that it offers, relative to this file'),
  files: byName<string | { readonly file: string }>(
    either<string | { readonly file: string }>(
      'the content of a file, or { file: PATH }',
      text,
      options<{ readonly file: string }>({ file: path }),
    ),
    someFiles,
  )
    .refine((value) => Object.keys(value).every(isServedPath), { error: `${someFiles}. A path has no empty part and no ..` })
    .optional()
    .describe('instead of `root`: files by their path, each its content, or `{ file: PATH }`'),
};

/** Whether it leads to a file below the root of a server. */
function isServedPath(name: string): boolean {
  return /^\/?[^/\p{Cc}]+(\/[^/\p{Cc}]+)*$/u.test(name) && !name.split('/').some((part) => part === '..' || part === '.');
}

const port = wholeNumber(1, 65_535);
export const httpOptions = withFiles(
  options<HttpOptions>({ ...servedFiles, port: port.optional().describe('TCP port; default 80') }),
);
export const tftpOptions = withFiles(options<TftpOptions>(servedFiles));

type FilesSchema<T> = ReturnType<typeof options<T>>;

/** Refuses a server that has both kinds of files, or none. */
function withFiles<T extends ServedFiles>(schema: FilesSchema<T>): FilesSchema<T> {
  return schema.refine(({ root, files }) => (root === undefined) !== (files === undefined), {
    error: 'either root or files',
  });
}

export const ntpOptions = options<NtpOptions>({
  stratum: wholeNumber(1, 15).optional().describe('its distance from a reference clock; default 8'),
});

export const syslogOptions = options<SyslogOptions>({ port: port.optional().describe('port for UDP and TCP; default 514') });

export const radiusOptions = options<RadiusOptions>({
  secret: plain,
  users: byName(plain, 'passwords by user').refine((value) => Object.keys(value).every((key) => /^[^\p{Cc}\s"#]+$/u.test(key)), {
    error: 'passwords by user; names without blanks, quotes and #',
  }),
});
