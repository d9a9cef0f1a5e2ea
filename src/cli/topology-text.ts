// SPDX-License-Identifier: GPL-3.0-or-later
import { alignColumns } from '../core/text.ts';
import type { DescribedLink, DescribedTopology } from '../topology/index.ts';

/** A topology for people, one line for each of its parts. Pure. */
export function topologyText({ duts, nodes, links, segments }: DescribedTopology): readonly string[] {
  const linkRows = (all: readonly DescribedLink[]): readonly (readonly string[])[] =>
    all.map(({ name, ends, capture }) => [name, ends.join(' -- '), capture]);
  return [
    ...section('devices', [
      ...duts.flatMap(({ name, appliance, nics }) => [
        [name, `from ${appliance}`, ''],
        ...nics.map((nic) => [`  ${nic.name}`, nic.mac, nic.link]),
      ]),
    ]),
    ...section('nodes', [
      ...nodes.flatMap(({ name, interfaces, kind, uplink }) => [
        [name, kind ?? '', '', uplink ? `uplink: router ${uplink.router}, dns ${uplink.dns}` : ''],
        ...interfaces.map((one) => [`  ${one.name}`, one.mac, one.link, one.addresses.join(', ')]),
      ]),
    ]),
    ...section('links', linkRows(links)),
    ...section('segments', linkRows(segments)),
  ];
}

function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : [`${title}:`, ...alignColumns(rows).map((row) => `  ${row}`)];
}

/**
 * A topology as a flowchart of Mermaid: devices are rectangles, nodes are rounded, segments are hexagons. Pure.
 * Identifiers are numbered, because Mermaid reserves words such as `end`; labels are quoted.
 */
export function topologyMermaid({ duts, nodes, links, segments }: DescribedTopology): readonly string[] {
  const ids = new Map([
    ...duts.map(({ name }, index) => [name, `dut${index}`] as const),
    ...nodes.map(({ name }, index) => [name, `node${index}`] as const),
  ]);
  const idOf = (end: string): string => ids.get(ownerOf(end)) ?? '';
  return [
    'flowchart LR',
    ...duts.map(({ name, appliance }, index) => `  dut${index}["${name} (${appliance})"]`),
    ...nodes.map(({ name, kind, uplink }, index) => `  node${index}("${name}${kind || uplink ? ` (${kind ?? 'uplink'})` : ''}")`),
    ...links.map((link) => {
      const [one = '', other = ''] = link.ends.map(idOf);
      return `  ${one} ---|"${labelOf(link)}"| ${other}`;
    }),
    ...segments.flatMap(({ name, ends }, index) => [
      `  segment${index}{{"${name}"}}`,
      ...ends.map((end) => `  segment${index} ---|"${end}"| ${idOf(end)}`),
    ]),
  ];
}

/** The ends of a link, after its name if it has one of its own. */
function labelOf({ name, ends }: DescribedLink): string {
  const text = ends.join(' -- ');
  return name === ends.map((end) => end.replace(/:eth\d+$/, '')).join('--') ? text : `${name}: ${text}`;
}

/** The device or the node of an end. */
function ownerOf(end: string): string {
  return end.slice(0, end.lastIndexOf(':'));
}
