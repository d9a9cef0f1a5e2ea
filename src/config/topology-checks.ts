// SPDX-License-Identifier: GPL-3.0-or-later
import type { z } from 'zod';
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import {
  checkLong,
  doubleVlans,
  endsAt,
  maxLinks,
  nodeProblems,
  shortPlan,
  uplinkNeighbourProblems,
  type Plan,
  type TopologyProblem,
} from '../topology/index.ts';
import { nodeConfig } from '../topology/schemas.ts';

/** A topology, as far as it can be understood. */
export interface ReadTopology {
  readonly plan: Plan;
  /** whether all of it was understood */
  readonly isComplete: boolean;
  readonly problems: readonly TopologyProblem[];
  /** values of nodes that do not fit together */
  readonly issues: readonly z.core.$ZodIssue[];
}

/**
 * Reads the short or the long form of a topology, and finds what is wrong with it as a whole. Pure.
 * @param raw - the value of `topology`; values of a wrong type are skipped, because the schema reports them
 * @param appliances - the names of all appliances
 * @returns `undefined` if it cannot be understood
 */
export function readTopology(raw: unknown, appliances: readonly string[]): ReadTopology | undefined {
  const topology = raw ?? {};
  if (!isJsonObject(topology)) return undefined;
  const { links, duts, segments } = topology;
  if (duts !== undefined) {
    const { plan, isComplete, problems } = checkLong(topology, appliances);
    const wrongForm =
      typeof links === 'number'
        ? [
            {
              path: ['links'],
              text: `expected a list of links beside topology.duts, got the number ${links}. Name both ends of each link`,
            },
          ]
        : [];
    return { plan, isComplete, problems: [...wrongForm, ...problems], issues: nodeIssues(topology, plan, isComplete) };
  }
  const longOnly = [...(Array.isArray(links) ? ['links'] : []), ...(segments === undefined ? [] : ['segments'])];
  if (longOnly.length > 0) {
    const example = `duts: { left: ${appliances[0] ?? 'appliance'} }`;
    const text = `expected topology.duts beside it, got nothing. Name the devices there, such as ${example}`;
    return {
      plan: shortPlan({ links: 0 }),
      isComplete: false,
      problems: longOnly.map((key) => ({ path: [key], text })),
      issues: [],
    };
  }
  const count = links ?? 2;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > maxLinks) return undefined;
  const plan = shortPlan({ links: count });
  return { plan, isComplete: true, problems: [], issues: [...unknownNodes(topology, plan), ...nodeIssues(topology, plan, true)] };
}

function unknownNodes({ nodes }: JsonObject, plan: Plan): readonly z.core.$ZodIssue[] {
  const expected = plan.nodes.length > 0 ? `one of the nodes ${plan.nodes.join(', ')}` : 'no nodes, because there are no links';
  const unknown = Object.keys(isJsonObject(nodes) ? nodes : {}).filter((name) => !plan.nodes.includes(name));
  return unknown.map((name) => wrongName(['nodes', name], expected));
}

function nodeIssues({ nodes }: JsonObject, plan: Plan, isComplete: boolean): readonly z.core.$ZodIssue[] {
  const configs = new Map(
    Object.entries(isJsonObject(nodes) ? nodes : {}).flatMap(([name, node]) => {
      const { data } = nodeConfig.safeParse(node);
      return data ? [[name, data] as const] : []; // the schema reports others
    }),
  );
  const ofConfigs = [...configs].flatMap(([name, config]) => {
    const connected = endsAt(plan, name).length;
    const count = isComplete ? connected : Math.max(1, connected, Object.keys(config.interfaces ?? {}).length);
    if (count === 0 && !plan.isShort) return []; // a node without a link is reported as such
    const problems = [...nodeProblems(config, count || 1), ...uplinkNeighbourProblems(plan, configs, name)];
    return problems.map(({ path, expected, isName = false }) => {
      const place = ['nodes', name, ...path];
      return isName ? wrongName(place, expected) : issue(place, expected);
    });
  });
  const others = Object.entries(isJsonObject(nodes) ? nodes : {}).filter(([name]) => !configs.has(name));
  return [...ofConfigs, ...others.flatMap(([name, node]) => doubleVlansOf(name, node))];
}

/** The VLANs with the same number, of a node that has wrong values, too. */
function doubleVlansOf(name: string, node: unknown): readonly z.core.$ZodIssue[] {
  if (!isJsonObject(node)) return [];
  const { interfaces } = node;
  const owners: readonly (readonly [readonly string[], unknown])[] = [
    [[], node],
    [['bond'], node['bond']],
    ...Object.entries(isJsonObject(interfaces) ? interfaces : {}).map(([key, one]) => [['interfaces', key], one] as const),
  ];
  return owners.flatMap(([place, owner]) =>
    (isJsonObject(owner) ? doubleVlans(owner) : []).map(({ path, expected }) =>
      issue(['nodes', name, ...place, ...path], expected),
    ),
  );
}

function issue(path: readonly (string | number)[], message: string): z.core.$ZodIssue {
  return { code: 'custom', path: ['topology', ...path], message, input: undefined };
}

/** The last name in `path` is wrong, whatever its value is. */
function wrongName(path: readonly (string | number)[], message: string): z.core.$ZodIssue {
  return { code: 'invalid_key', origin: 'record', issues: [], path: ['topology', ...path], message, input: undefined };
}
