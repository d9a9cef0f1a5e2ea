// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { nearest } from '../core/nearest.ts';
import type { Connection, Plan, PlannedEnd, TopologyPath, TopologyProblem } from './plan.ts';

/** The long form of a topology, as far as it can be understood. */
export interface LongReading {
  readonly plan: Plan;
  readonly problems: readonly TopologyProblem[];
  /** whether all links and segments could be read, so that `unknownEnds` has everything that is missing in the plan */
  readonly areLinksRead: boolean;
  /** the ends that could not be understood */
  readonly unknownEnds: readonly UnknownEnd[];
  /** whether all of it was understood: else something that seems to be missing may be there */
  readonly isComplete: boolean;
}

/** An end of a link or segment that could not be understood. */
export interface UnknownEnd {
  /** the device or node that it names */
  readonly name: string;
  /** all of it */
  readonly text: string;
}

interface Names {
  readonly duts: readonly string[];
  readonly nodes: readonly string[];
}

/** A link or segment before its ends are understood. */
interface RawConnection extends Omit<Connection, 'ends' | 'name' | 'isNamed'> {
  readonly name: string | undefined;
  readonly ends: readonly { readonly text: string; readonly path: TopologyPath; readonly mac?: string }[];
}

/**
 * Reads the long form of a topology. Skips values of a wrong type, which the schema of the configuration reports. Pure.
 * @param raw - the value of `topology`
 */
export function readLong(raw: JsonObject): LongReading {
  const duts = Object.entries(objectOf(raw['duts'])).map(([name, dut]) => ({
    name,
    appliance: textOf(isJsonObject(dut) ? dut['appliance'] : dut) ?? '',
  }));
  const nodes = Object.keys(objectOf(raw['nodes']));
  const names = { duts: duts.map(({ name }) => name), nodes };
  const areNamesRead = areNames(raw['duts']) && areNames(raw['nodes']);
  const problems: TopologyProblem[] = [];
  const unknownEnds: UnknownEnd[] = [];
  const listed = [...rawLinks(raw['links']), ...rawSegments(raw['segments'])];
  const connections = listed.flatMap((connection): readonly Connection[] => {
    if (!connection) return [];
    const ends = connection.ends.flatMap((end): readonly PlannedEnd[] => {
      const found = readEnd(end.text, names);
      if (typeof found !== 'string') return [{ ...found, path: end.path, ...(end.mac === undefined ? {} : { mac: end.mac }) }];
      const name = split(end.text)[0];
      if (areNamesRead || names.duts.includes(name) || nodes.includes(name)) problems.push({ path: end.path, text: found });
      unknownEnds.push({ name, text: end.text });
      return [];
    });
    const { kind, path, name } = connection;
    if (kind === 'segment' && connection.ends.length < 2)
      problems.push({
        path,
        text: `expected at least two ends on a segment, got ${connection.ends.length}. Add ends, or remove it`,
      });
    const ofEnds = connection.ends.map(({ text }) => text).join('--');
    return [{ kind, name: name ?? ofEnds, isNamed: name !== undefined, path, ends }];
  });
  const areLinksRead = listed.every((connection) => connection !== undefined);
  return {
    plan: { isShort: false, duts, nodes, connections },
    problems,
    areLinksRead,
    unknownEnds,
    isComplete: unknownEnds.length === 0 && areNamesRead && areLinksRead,
  };
}

/** Returns what is wrong with it if it is not an end. */
function readEnd(
  text: string,
  { duts, nodes }: Names,
):
  | { readonly kind: 'nic'; readonly dut: string; readonly number: number }
  | { readonly kind: 'interface'; readonly node: string }
  | string {
  const [name, number] = split(text);
  if (duts.includes(name)) {
    if (number !== undefined && /^(0|[1-9]\d{0,3})$/.test(number)) return { kind: 'nic', dut: name, number: Number(number) };
    return `expected the number of a NIC after the name of a device, such as ${name}:0, got ${JSON.stringify(text)}`;
  }
  if (nodes.includes(name)) {
    if (number === undefined) return { kind: 'interface', node: name };
    return `expected the name of a node alone, because its interfaces are numbered in the order of the links, got ${JSON.stringify(text)}. Write ${name}`;
  }
  const known = [...duts.map((dut) => `${dut}:0`), ...nodes];
  const near = nearest(name, [...duts, ...nodes]);
  const advice =
    near === undefined
      ? 'Add it to topology.nodes, or correct it'
      : `Did you mean ${near}${duts.includes(near) ? `:${number ?? /[.\-/](\d+)$/.exec(name)?.[1] ?? 0}` : ''}?`;
  return `expected a NIC of a device or a node (${known.join(', ') || 'the topology has none'}), got ${JSON.stringify(text)}. ${advice}`;
}

function split(text: string): readonly [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** An element is undefined if it cannot be understood. */
function rawLinks(links: unknown): readonly (RawConnection | undefined)[] {
  if (links === undefined) return [];
  if (!Array.isArray(links)) return [undefined];
  return links.map((link: unknown, index) => {
    const path = ['links', index];
    if (Array.isArray(link)) return rawConnection('link', undefined, path, path, link, []);
    if (!isJsonObject(link)) return undefined;
    const { ends, mac, name } = link;
    return rawConnection('link', textOf(name), path, [...path, 'ends'], ends, Array.isArray(mac) ? mac : []);
  });
}

function rawSegments(segments: unknown): readonly (RawConnection | undefined)[] {
  if (segments !== undefined && !isJsonObject(segments)) return [undefined];
  return Object.entries(segments ?? {}).map(([name, ends]) => {
    const path = ['segments', name];
    return rawConnection('segment', name, path, path, ends, []);
  });
}

function rawConnection(
  kind: Connection['kind'],
  name: string | undefined,
  path: TopologyPath,
  endsPath: TopologyPath,
  ends: unknown,
  macs: readonly unknown[],
): RawConnection | undefined {
  if (!Array.isArray(ends) || (kind === 'link' && ends.length !== 2)) return undefined;
  const texts = ends.map(textOf);
  if (!texts.every((text) => text !== undefined)) return undefined;
  return {
    kind,
    name,
    path,
    ends: texts.map((text, index) => {
      const mac = textOf(macs[index]);
      return { text, path: [...endsPath, index], ...(mac === undefined ? {} : { mac }) };
    }),
  };
}

/** Whether a part of the topology is absent, or an object whose keys are names. */
function areNames(value: unknown): boolean {
  return value === undefined || isJsonObject(value);
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
