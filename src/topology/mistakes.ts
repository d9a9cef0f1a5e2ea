// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import { nearest } from '../core/nearest.ts';
import { captureFile } from './capture-file.ts';
import { joinsNodes } from './node-links.ts';
import { maxLinks } from './pci-places.ts';
import { endText, endsOf, nicEnd, nicNumbers, type Connection, type Plan, type TopologyProblem } from './plan.ts';
import { readLong, type LongReading, type UnknownEnd } from './read-long.ts';
import { isUplink } from './uplink.ts';

/** What a name must be; completes "expected …". */
export const safeNameText = 'a name of at most 32 letters, digits, dots, dashes and underscores that starts with a letter';

/** Whether a name can be part of file names, of commands and of the ends of links. Pure. */
export function isSafeName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9._-]{0,31}$/.test(name);
}

/** MAC addresses have one byte for the device. */
const maxDuts = 256;

/**
 * Reads the long form of a topology and finds everything that is wrong with it as a whole, although each of its values may be right.
 * Skips values of a wrong type, which the schema of the configuration reports. Pure.
 * @param raw - the value of `topology`
 * @param appliances - the names of the appliances
 */
export function checkLong(raw: JsonObject, appliances: readonly string[]): LongReading {
  const reading = readLong(raw);
  const { plan, problems } = reading;
  const all = [
    ...(isJsonObject(raw['duts']) ? dutProblems(plan, appliances) : []),
    ...nameProblems(plan),
    ...problems,
    ...connectionProblems(plan),
    ...sharedUplinks(plan, raw['nodes']),
    ...usedTwice(plan),
    ...plan.duts.flatMap(({ name }) => numberProblems(reading, name)),
    ...(reading.areLinksRead ? unconnectedNodes(reading) : []),
  ];
  return { ...reading, problems: all };
}

function dutProblems({ duts }: Plan, appliances: readonly string[]): readonly TopologyProblem[] {
  const known = appliances.join(', ') || 'none';
  return [
    ...(duts.length === 0
      ? [{ path: ['duts'], text: 'expected at least one device, got none. Add one, such as dut: router' }]
      : []),
    ...(duts.length > maxDuts ? [{ path: ['duts'], text: `expected at most ${maxDuts} devices, got ${duts.length}` }] : []),
    ...duts.flatMap(({ name, appliance }) =>
      appliance === '' || appliances.includes(appliance)
        ? []
        : [
            {
              path: ['duts', name],
              text: `expected one of the appliances (${known}), got ${JSON.stringify(appliance)}. Add it to appliances, or correct it`,
            },
          ],
    ),
  ];
}

function nameProblems({ duts, nodes, connections }: Plan): readonly TopologyProblem[] {
  const devices = duts.map(({ name }) => name);
  const named = [
    ...devices.map((name) => ({ name, path: ['duts', name] })),
    ...nodes.map((name) => ({ name, path: ['nodes', name] })),
    ...connections.flatMap(({ name, isNamed, path }) =>
      isNamed ? [{ name, path: path[0] === 'links' ? [...path, 'name'] : path }] : [],
    ),
  ];
  return [
    ...named.flatMap(({ name, path }) =>
      isSafeName(name) ? [] : [{ path, text: `expected ${safeNameText}, got ${JSON.stringify(name)}` }],
    ),
    ...named.flatMap(({ name, path }) =>
      name in []
        ? [{ path, text: `expected a name that lists in JavaScript have not taken, got ${JSON.stringify(name)}. Rename it` }]
        : [],
    ),
    ...nodes.flatMap((name) =>
      devices.includes(name)
        ? [
            {
              path: ['nodes', name],
              text: `expected a name that no device has, got ${JSON.stringify(name)}, which is in topology.duts, too. Rename one of them`,
            },
          ]
        : [],
    ),
    ...connections.flatMap((connection, index) => {
      const other = connections.slice(0, index).find((one) => captureFile(one.name) === captureFile(connection.name));
      const isSameLink = !connection.isNamed && other?.isNamed === false && other.name === connection.name;
      const hasOwnCapture = connection.ends.length > 1 && joinsNodes(connection);
      return other && (hasOwnCapture || !isSameLink) ? [duplicateName(connection, other)] : []; // else a NIC is used twice
    }),
  ];
}

function duplicateName({ name, path }: Connection, other: Connection): TopologyProblem {
  const what = `got ${JSON.stringify(name)}, like topology.${other.path.join('.')}`;
  return { path, text: `expected a name that no other link or segment has, ${what}. Rename one of them` };
}

function connectionProblems({ connections }: Plan): readonly TopologyProblem[] {
  return connections.flatMap(({ path, ends }) => {
    const nodes = ends.flatMap((end) => (end.kind === 'interface' ? [end.node] : []));
    const twice = nodes.find((node, index) => nodes.indexOf(node) < index);
    return twice === undefined
      ? []
      : [{ path, text: `expected different ends, got ${twice} twice. Connect it with something else` }];
  });
}

function sharedUplinks({ connections }: Plan, nodes: unknown): readonly TopologyProblem[] {
  const hasUplink = (node: string): boolean => {
    const config = isJsonObject(nodes) && Object.hasOwn(nodes, node) ? nodes[node] : undefined;
    return isJsonObject(config) && isUplink(config);
  };
  return connections.flatMap(({ path, ends }) => {
    const found = ends.flatMap((end) => (end.kind === 'interface' && hasUplink(end.node) ? [end.node] : []));
    if (found.length < 2) return [];
    const text = `expected at most one node with an uplink on a segment, got ${found.join(', ')}. Remove uplink from the others`;
    return [{ path, text }];
  });
}

function usedTwice(plan: Plan): readonly TopologyProblem[] {
  const nics = endsOf(plan).filter((end) => end.kind === 'nic');
  return nics.flatMap((end, index) => {
    const first = nics.slice(0, index).find((other) => endText(other) === endText(end));
    if (!first) return [];
    return [
      {
        path: end.path,
        text: `expected a NIC that nothing else is connected to, got ${endText(end)}, which topology.${first.path.join('.')} uses, too. Use another NIC`,
      },
    ];
  });
}

function numberProblems({ plan, unknownEnds, areLinksRead }: LongReading, dut: string): readonly TopologyProblem[] {
  const numbers = nicNumbers(plan, dut);
  const last = numbers.at(-1) ?? -1;
  const path = nicEnd(plan, dut, last)?.path ?? ['duts', dut];
  if (last >= maxLinks)
    return [
      {
        path,
        text: `expected at most ${maxLinks} NICs, ${dut}:0 to ${dut}:${maxLinks - 1}, because a machine has no more PCI places, got ${dut}:${last}. Connect fewer NICs`,
      },
    ];
  const known = [...plan.duts.map(({ name }) => name), ...plan.nodes];
  const missing = Array.from({ length: last }, (_, number) => number).filter(
    (number) => !numbers.includes(number) && !unknownEnds.some((end) => mayMean(end, dut, number, known)),
  );
  if (missing.length === 0 || !areLinksRead) return [];
  const names = missing.map((number) => `${dut}:${number}`).join(', ');
  return [
    {
      path,
      text: `expected NICs that are numbered from 0 without a gap, got ${dut}:${last}, but nothing connected to ${names}. ${missing.length === 1 ? 'Connect it' : 'Connect them'}, or number the NICs differently`,
    },
  ];
}

/** Whether an end that was not understood may be a NIC of a device. */
function mayMean({ name, text }: UnknownEnd, dut: string, number: number, known: readonly string[]): boolean {
  const near = nearest(name, known);
  if (near !== undefined && near !== dut) return false;
  const digits = /\d+$/.exec(text)?.[0];
  return digits === undefined || Number(digits) === number;
}

function unconnectedNodes({ plan, unknownEnds }: LongReading): readonly TopologyProblem[] {
  const names = [...plan.duts.map(({ name }) => name), ...plan.nodes];
  const connected = new Set([
    ...endsOf(plan).map((end) => (end.kind === 'interface' ? end.node : '')),
    ...unknownEnds.map(({ name }) => (names.includes(name) ? name : nearest(name, names))), // probably means it
  ]);
  const isDevice = (node: string): boolean => plan.duts.some(({ name }) => name === node); // reported as such
  return plan.nodes.flatMap((node) =>
    connected.has(node) || isDevice(node)
      ? []
      : [
          {
            path: ['nodes', node],
            text: `expected a node on a link or segment, got ${node}, which is on none. Connect it in topology.links, or remove it`,
          },
        ],
  );
}
