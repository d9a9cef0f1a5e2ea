// SPDX-License-Identifier: GPL-3.0-or-later
import { isIP, isIPv6 } from 'node:net';
import { UsageError } from '../core/errors.ts';

/** How a node's interface is configured. */
export interface InterfaceConfig {
  /** address with its prefix length, such as `192.168.1.2/24` or `fd00::2/64`; several in a list */
  readonly address?: string | readonly string[] | undefined;
  /** default route; at most one for IPv4 and one for IPv6 */
  readonly gateway?: string | readonly string[] | undefined;
  /** other routes */
  readonly routes?: readonly { readonly to: string; readonly via: string }[] | undefined;
  /** largest frame without its header, in `bytes` */
  readonly mtu?: number | undefined;
}

/**
 * The commands of ip(8), for {@link ipBatch}, that replace the configuration of an interface. IPv6 addresses are usable at once
 * (`nodad`), because no other host on the link could have the same. Pure.
 * @throws UsageError that names an invalid address, gateway or MTU
 */
export function configureCommands(device: string, config: InterfaceConfig): readonly string[] {
  const gateways = listOf(config.gateway).map((gateway) => checkedAddress('gateway', gateway));
  const routes = (config.routes ?? []).map(({ to, via }) => ({
    to: checkedNetwork('route', to),
    via: checkedAddress('route via', via),
  }));
  return [
    `address flush dev ${device} scope global`,
    ...(config.mtu === undefined ? [] : [`link set ${device} mtu ${checkedMtu(config.mtu)}`]),
    ...listOf(config.address).map((address) => {
      const checked = checkedNetwork('address', address);
      return `address add ${checked} dev ${device}${isIPv6(checked.split('/')[0] ?? '') ? ' nodad' : ''}`;
    }),
    ...gateways.map((gateway) => `route replace default via ${gateway} dev ${device}`),
    ...routes.map(({ to, via }) => `route replace ${to} via ${via} dev ${device}`),
  ];
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

function checkedAddress(what: string, text: string): string {
  if (isIP(text) === 0) throw new UsageError(`${what}: expected an IP address, got "${text}"`);
  return text;
}

function checkedNetwork(what: string, text: string): string {
  const [address = '', length = '', ...rest] = text.split('/');
  const most = isIPv6(address) ? 128 : 32;
  if (isIP(address) === 0 || rest.length > 0) throw new UsageError(`${what}: expected an IP address, got "${text}"`);
  if (!/^\d{1,3}$/.test(length) || Number(length) > most) {
    throw new UsageError(
      `${what}: expected a prefix length from 0 to ${most}, such as ${address}/${most === 32 ? '24' : '64'}, got "${text}"`,
    );
  }
  return text;
}

function checkedMtu(mtu: number): string {
  if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65_521)
    throw new UsageError(`mtu: expected a whole number from 68 to 65521, got ${mtu}`);
  return String(mtu);
}
