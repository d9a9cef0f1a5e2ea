// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { defaultDestination, ipText, ipValue, type AddressConfig, type InterfaceConfig } from '../topology/index.ts';
import { vlanDevice } from './address.ts';

/**
 * What differs between the configuration of an interface and what its kernel has, each as `expected …, got …`. Pure.
 * @param printed - what the script of `configureScript` printed
 */
export function configurationProblems(device: string, config: InterfaceConfig, printed: string): readonly string[] {
  const [interfaces = [], routes4 = [], routes6 = []] = listsOf(printed);
  const routes = [...routes4, ...routes6];
  const of = (name: string, own: AddressConfig & { readonly mac?: string | undefined }): readonly string[] => {
    const found = interfaces.find(({ ifname }) => ifname === name);
    return found ? interfaceProblems(name, own, found, routes) : [`expected the interface ${name}, got none`];
  };
  return [...of(device, config), ...(config.vlans ?? []).flatMap((vlan) => of(vlanDevice(device, vlan), vlan))];
}

/** The interfaces in what the script of `configureScript` printed. Pure. */
export function printedInterfaces(printed: string): readonly JsonObject[] {
  return listsOf(printed)[0] ?? [];
}

function listsOf(printed: string): readonly (readonly JsonObject[])[] {
  return printed
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map(objects);
}

function interfaceProblems(
  name: string,
  { mac, mtu, address, gateway, routes = [] }: AddressConfig & { readonly mac?: string | undefined },
  found: JsonObject,
  allRoutes: readonly JsonObject[],
): readonly string[] {
  const addresses = (Array.isArray(found['addr_info']) ? found['addr_info'] : [])
    .filter(isJsonObject)
    .map(({ local, prefixlen }) => normal(`${String(local)}/${String(prefixlen)}`));
  const asked = asList(address).map(normal);
  const hasAll = asked.every((one) => addresses.includes(one));
  const own = allRoutes.filter(({ dev }) => dev === name);
  const wanted = [...asList(gateway).map((via) => ({ to: defaultDestination(via), via })), ...routes];
  return [
    ...(mac === undefined || found['address'] === mac.toLowerCase()
      ? []
      : [difference(name, 'MAC address', mac, found['address'])]),
    ...(mtu === undefined || found['mtu'] === mtu ? [] : [difference(name, 'MTU', mtu, found['mtu'])]),
    ...(hasAll ? [] : [difference(name, 'addresses', asked.join(', ') || 'none', addresses.join(', ') || 'none')]),
    ...wanted.flatMap(({ to, via }) => {
      const same = own.filter((route) => destinationOf(route) === normal(to)).map(({ gateway: used }) => String(used));
      if (same.some((used) => normal(used) === normal(via))) return [];
      return [difference(name, `route to ${to}`, `via ${via}`, same.length === 0 ? 'none' : `via ${same.join(', ')}`)];
    }),
  ];
}

function difference(name: string, what: string, expected: unknown, got: unknown): string {
  return `expected the ${what} of ${name} to be ${String(expected)}, got ${String(got)}`;
}

/** The network of a route with its prefix length. */
function destinationOf({ dst, gateway }: JsonObject): string {
  const text = String(dst);
  const isIPv6 = `${text}${String(gateway)}`.includes(':');
  if (text === 'default') return isIPv6 ? normal('::/0') : '0.0.0.0/0';
  return normal(text.includes('/') ? text : `${text}/${isIPv6 ? 128 : 32}`);
}

/** An address as the kernel writes it, with its prefix length if it has one. */
function normal(text: string): string {
  const [address = '', ...length] = text.split('/');
  try {
    return [ipText(ipValue(address)), ...length].join('/');
  } catch {
    return text; // not an address: it is shown as it is
  }
}

function objects(line: string): readonly JsonObject[] {
  try {
    const list: unknown = JSON.parse(line);
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  } catch {
    return [];
  }
}
