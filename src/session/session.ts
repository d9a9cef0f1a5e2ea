// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Container } from '../docker/index.ts';
import type { App, Node } from '../network/index.ts';
import type { Dut, Link, Testbed } from '../testbed/index.ts';

/** The testbed of a session, with the services beside its nodes. */
export interface Session {
  readonly testbed: Testbed;
  /** by name */
  readonly services: ReadonlyMap<string, App>;
  /** absolute path of the folder for the testbed's files */
  readonly directory: string;
}

/** Finds a node. @throws UsageError that lists the nodes */
export function nodeNamed({ testbed: { nodes } }: Pick<Session, 'testbed'>, name: string): Node {
  return find('node', nodes, name);
}

/** Finds a link or a segment. @throws UsageError that lists all */
export function linkNamed({ testbed: { links } }: Pick<Session, 'testbed'>, name: string): Link {
  return find('link', links, name);
}

/**
 * Finds a device.
 * @param name - default: the only device
 * @throws UsageError that lists the devices
 */
export function dutNamed({ testbed: { duts } }: Pick<Session, 'testbed'>, name?: string): Dut {
  if (name !== undefined) return find('device', duts, name);
  const [only, ...others] = duts;
  if (only && others.length === 0) return only;
  throw new UsageError(`expected the name of a device, got none; there are: ${namesOf(duts)}`);
}

/** Finds the container of a node or a service. @throws UsageError that lists both */
export function containerNamed({ services, testbed }: Session, name: string): Container {
  const all = [...testbed.nodes, ...[...services].map(([service, { container }]) => ({ name: service, container }))];
  return (services.get(name) ?? find('node or service', all, name)).container;
}

/** Finds something by its name. @throws UsageError that lists all, and suggests the nearest name */
export function find<T extends { readonly name: string }>(kind: string, all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  if (found) return found;
  const near = nearest(
    name,
    all.map((one) => one.name),
  );
  const advice = near === undefined ? '' : `. Did you mean ${near}?`;
  throw new UsageError(`there is no ${kind} ${JSON.stringify(name)}; there are: ${namesOf(all)}${advice}`);
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(', ') || 'none, as the topology has no links';
}
