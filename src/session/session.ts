// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import type { Container } from '../docker/index.ts';
import type { App, Node } from '../network/index.ts';
import type { Link, Testbed } from '../testbed/index.ts';

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
  const found = nodes.find((node) => node.name === name);
  if (!found) throw new UsageError(`there is no node ${JSON.stringify(name)}; there are: ${namesOf(nodes)}`);
  return found;
}

/** Finds a link. @throws UsageError that lists the links */
export function linkNamed({ testbed: { links } }: Session, name: string): Link {
  const found = links.find((link) => link.name === name);
  if (!found) throw new UsageError(`there is no link ${JSON.stringify(name)}; there are: ${namesOf(links)}`);
  return found;
}

/** Finds the container of a node or a service. @throws UsageError that lists both */
export function containerNamed(session: Session, name: string): Container {
  const found = session.services.get(name) ?? session.testbed.nodes.find((node) => node.name === name);
  if (found) return found.container;
  const names = [...session.testbed.nodes.map((node) => node.name), ...session.services.keys()].join(', ');
  throw new UsageError(`there is no node or service ${JSON.stringify(name)}; there are: ${names}`);
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(', ') || 'none, as the topology has no links';
}
