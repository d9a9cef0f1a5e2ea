// SPDX-License-Identifier: GPL-3.0-or-later
import { isIP, isIPv6 } from 'node:net';

/** An IP address as a number. */
interface IpValue {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A network of IP addresses: the first and the last one, as numbers. */
export interface IpNetwork {
  readonly bits: 32 | 128;
  readonly prefixLength: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** Whether a text is an IP address. Pure. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** Whether a text is an IP address with its prefix length. Pure. */
export function isNetwork(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  const most = isIPv6(address) ? 128 : 32;
  return isAddress(address) && rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= most;
}

/** The address alone. Pure. @param text - an address with its prefix length; see {@link isNetwork} */
export function withoutPrefix(text: string): string {
  return text.split('/')[0] ?? '';
}

/** The destination of a default route. Pure. @param gateway - an address, whose family is that of the route */
export function defaultDestination(gateway: string): string {
  return isIPv6(gateway) ? '::/0' : '0.0.0.0/0';
}

/** The network of an address with its prefix length. Pure. @param text - see {@link isNetwork} */
export function networkOf(text: string): IpNetwork {
  const [address = '', length = ''] = text.split('/');
  const { bits, value } = ipValue(address);
  const hosts = (1n << BigInt(bits - Number(length))) - 1n;
  const last = value | hosts;
  return { bits, prefixLength: Number(length), first: last - hosts, last };
}

/** Whether all bits of an address after its prefix are 0. Pure. @param text - see {@link isNetwork} */
export function isFirstOfNetwork(text: string): boolean {
  return isNetwork(text) && networkOf(text).first === ipValue(withoutPrefix(text)).value;
}

/** Whether a network contains an address. Pure. */
export function contains(network: IpNetwork, address: string): boolean {
  const { bits, value } = ipValue(address);
  return bits === network.bits && value >= network.first && value <= network.last;
}

/** An address as a number. Pure. @param address - see {@link isAddress} */
export function ipValue(address: string): IpValue {
  return isIPv6(address) ? { bits: 128, value: ipv6Value(address) } : { bits: 32, value: ipv4Value(address) };
}

/** The text of an address; IPv6 addresses in the form of RFC 5952. Pure. */
export function ipText({ bits, value }: IpValue): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function ipv4Value(address: string): bigint {
  return address.split('.').reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function ipv6Value(address: string): bigint {
  const full = new URL(`http://[${address}]`).hostname.slice(1, -1); // without IPv4 notation
  const [head = '', tail] = full.split('::');
  const groups = (text: string | undefined): readonly string[] => (text === undefined || text === '' ? [] : text.split(':'));
  const [left, right] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
