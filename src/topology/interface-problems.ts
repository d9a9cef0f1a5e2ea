// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { asList } from '../core/list.ts';
import type { ServiceProblem } from './dhcp-ranges.ts';
import { contains, defaultDestination, ipValue, networkOf, withoutPrefix } from './ip.ts';
import type { AddressConfig, InterfaceConfig } from './node-config.ts';

/**
 * Values of an interface that contradict each other, whatever else the node has. Pure.
 * @param config - each of its values is right
 */
export function interfaceConflicts(config: InterfaceConfig): readonly ServiceProblem[] {
  const { vlans = [], mtu } = config;
  const ofVlans = vlans.flatMap((vlan, index) => {
    const isTooLong = mtu !== undefined && vlan.mtu !== undefined && vlan.mtu > mtu;
    return [
      ...doubleVlan(vlans, index),
      ...(isTooLong ? [{ path: ['vlans', index, 'mtu'], expected: `at most ${mtu}, the MTU of the interface` }] : []),
    ];
  });
  const routes = [...routesOf(config, []), ...vlans.flatMap((vlan, index) => routesOf(vlan, ['vlans', index]))];
  const double = routes.filter(({ to }, index) => routes.findIndex((one) => isSame(one.to, to)) < index);
  return [
    ...[...addressesTwice(config, []), ...vlans.flatMap((vlan, index) => addressesTwice(vlan, ['vlans', index]))],
    ...ofVlans,
    ...double.map(({ path, to }) => ({
      path,
      expected:
        networkOf(to).prefixLength === 0
          ? 'the only default route for IPv4 or IPv6, because it replaces the others'
          : 'a network that no other route has, because this one replaces the others',
    })),
  ];
}

/**
 * VLANs of an interface with the number of another one, whatever else is wrong with it. Pure.
 * @param config - values of a wrong type are skipped
 */
export function doubleVlans(config: JsonObject): readonly ServiceProblem[] {
  const { vlans } = config;
  if (!Array.isArray(vlans)) return [];
  const all = vlans.map((vlan: unknown) => (isJsonObject(vlan) ? vlan : {}));
  return all.flatMap((_, index) => doubleVlan(all, index));
}

function doubleVlan(vlans: readonly { readonly id?: unknown }[], index: number): readonly ServiceProblem[] {
  const id = vlans[index]?.id;
  if (typeof id !== 'number' || vlans.findIndex((one) => one.id === id) === index) return [];
  return [{ path: ['vlans', index, 'id'], expected: 'a number that no other VLAN of the interface has' }];
}

function addressesTwice({ address }: AddressConfig, path: ServiceProblem['path']): readonly ServiceProblem[] {
  const all = asList(address).map((text) => ipValue(withoutPrefix(text)));
  return all.flatMap(({ bits, value }, index) => {
    const isFirst = all.findIndex((one) => one.bits === bits && one.value === value) === index;
    return isFirst ? [] : [{ path: [...path, 'address', index], expected: 'each address once' }];
  });
}

interface RoutePlace {
  readonly path: ServiceProblem['path'];
  readonly to: string;
}

function routesOf({ gateway, routes = [] }: AddressConfig, path: ServiceProblem['path']): readonly RoutePlace[] {
  return [
    ...asList(gateway).map((via) => ({ path: [...path, 'gateway'], to: defaultDestination(via) })),
    ...routes.map(({ to }, index) => ({ path: [...path, 'routes', index, 'to'], to })),
  ];
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [networkOf(one), networkOf(other)];
  return a.bits === b.bits && a.first === b.first && a.last === b.last;
}

/**
 * Gateways that no network of an interface contains, and the same for its VLANs. Pure.
 * @param owner - as messages call it
 */
export function reachProblems(config: InterfaceConfig, owner: string): readonly ServiceProblem[] {
  const ofVlans = (config.vlans ?? []).flatMap((vlan, index) =>
    strayGateways(vlan, `the VLAN ${vlan.id}`).map(({ path, expected }) => ({ path: ['vlans', index, ...path], expected })),
  );
  return [...strayGateways(config, owner), ...ofVlans];
}

function strayGateways({ address, gateway, routes = [] }: AddressConfig, owner: string): readonly ServiceProblem[] {
  const addresses = asList(address);
  const isReachable = (via: string): boolean => addresses.some((one) => contains(networkOf(one), via));
  const within = `an address in a network of ${owner}, which has ${addresses.join(', ') || 'no address'}`;
  const stray = routes.findIndex(({ via }) => !isReachable(via));
  return [
    ...(asList(gateway).some((via) => !isReachable(via)) ? [{ path: ['gateway'], expected: within }] : []),
    ...(stray < 0 ? [] : [{ path: ['routes', stray, 'via'], expected: within }]),
  ];
}
