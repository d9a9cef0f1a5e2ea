// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { maxLinks, type NodeConfig, type RawLink, type RawTopology } from '../topology/index.ts';
import { nodeConfig } from '../topology/schemas.ts';
import { ApplianceOverrides } from './appliance-schema.ts';
import { schemaError } from './expectation.ts';
import { MacSchema } from './nic-schema.ts';
import { text } from './values.ts';

type Nodes = Readonly<Record<string, NodeConfig>>;

/** Addresses, routes and services of nodes, by their names. */
const NodesSchema = z.record(z.string(), nodeConfig, {
  error: schemaError({ what: 'nodes by name', advice: 'Write nodes: { client: {} }' }),
}) as unknown as z.ZodType<Nodes, Nodes>;

const twoEnds = 'a list of two ends, such as [client, left:0]';
const EndsSchema = z.tuple([text, text], { error: ({ input }) => tooManyEnds(input) ?? twoEnds });
const LinkSchema = z.strictObject({
  ends: EndsSchema.describe('what it joins: a NIC of a device, `device:number`, or a node'),
  name: text.optional().describe('default: both ends, such as `client--left:0`'),
  mac: z
    .tuple([MacSchema.nullable(), MacSchema.nullable()], { error: 'a list of two MAC addresses; null for the default' })
    .optional()
    .describe('MAC addresses of the ends, `null` for the default'),
});
const LinksSchema = z.union(
  [
    z.int().min(0).max(maxLinks),
    z.array(
      z.union([EndsSchema, LinkSchema], { error: ({ input }) => tooManyEnds(input) ?? `${twoEnds}, or an object with ends` }),
    ),
  ],
  { error: `a whole number from 0 to ${maxLinks}, or a list of links, such as [[client, left:0]]` },
) as unknown as z.ZodType<number | readonly RawLink[], number | readonly RawLink[]>;

/** A device: the name of its appliance, or an object with what differs from that. */
const DutSchema = z.union(
  [
    text,
    ApplianceOverrides.extend({
      appliance: text.describe('which of `appliances`; the other keys replace those of the appliance'),
    }),
  ],
  { error: 'the name of an appliance, or an object with appliance and what differs from it' },
);

/** The error for more than two ends. */
function tooManyEnds(ends: unknown): string | undefined {
  if (!Array.isArray(ends) || ends.length <= 2) return undefined;
  const names = ends.every((end) => typeof end === 'string') ? ends.join(', ') : 'END, END, END';
  return schemaError({
    what: 'two ends on a link',
    advice: `Join more than two with a segment: segments: { lan: [${names}] }`,
  });
}

/** The short and the long form of a topology. {@link topologyProblems} checks whether it is one of the two. */
export const TopologySchema = z.strictObject({
  links: LinksSchema.default(2).describe(
    'number of NICs, each with a node at its other end; with `duts`: a list of links, each `[END, END]` or `{ ends, name, mac }`',
  ),
  duts: z
    .record(z.string(), DutSchema, {
      error: schemaError({ what: 'devices by name', advice: 'Write duts: { left: router }, with the appliance of each' }),
    })
    .optional()
    .describe(
      'devices by name, each the name of an appliance or `{ appliance, … }` with keys that replace those of the appliance',
    ),
  nodes: NodesSchema.optional().describe('what nodes have before the guest boots, by their names: `node0`, `node1`, …'),
  segments: z
    .record(z.string(), z.array(text), {
      error: schemaError({ what: 'segments by name', advice: 'Write segments: { lan: [client, left:0] }' }),
    })
    .optional()
    .describe('LANs by name, each a list of ends that a hub joins'),
});

/** A checked topology in one of its two forms. Pure. */
export function topologyOf({ links, duts, nodes, segments }: z.output<typeof TopologySchema>): RawTopology {
  if (duts === undefined) return { links: typeof links === 'number' ? links : 0, ...(nodes ? { nodes } : {}) };
  return { duts, links: typeof links === 'number' ? [] : links, ...(nodes ? { nodes } : {}), ...(segments ? { segments } : {}) };
}
