// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import type { ContentHashes } from '../core/content-hashes.ts';
import { listServedFiles } from '../network/index.ts';
import { identify, type FileIdentity } from '../qemu/index.ts';
import type { EndSpec, ServedFiles, Topology } from '../topology/index.ts';

/** What a snapshot depends on because of the nodes. */
export interface NodeInputs {
  /** absent if no node has anything that the guest could have seen while it booted */
  readonly digest: string | undefined;
  /** the files that nodes offered, as they were then */
  readonly files: readonly FileIdentity[];
}

/**
 * What nodes have before the virtual CPU runs, and how they are connected with the guest. All of it counts: a guest keeps its lease, its
 * routes and what it has downloaded. Files count by their content, wherever they lie.
 * @throws UsageError if a file is missing
 */
export async function nodeInputs({ nodes, links, segments }: Topology, hashes: ContentHashes): Promise<NodeInputs> {
  const files: FileIdentity[] = [];
  const contents = async (where: string, served: ServedFiles | undefined): Promise<unknown> => {
    if (!served) return undefined;
    const listed = await listServedFiles(where, served);
    const paths = listed.flatMap(({ content }) => (typeof content === 'string' ? [] : [content.file]));
    const identities = await Promise.all(paths.map((path) => identify(path)));
    files.push(...identities);
    const texts = listed.map(({ path, content }) => [path, typeof content === 'string' ? content : '']);
    return [texts, identities.length > 0 ? await hashes.ofAll(identities) : ''];
  };
  const described: unknown[] = [];
  for (const { name, config } of nodes) {
    if (!config || Object.keys(config).length === 0) continue;
    const { http, tftp, ...rest } = config;
    const where = `topology.nodes.${name}`;
    const offered = [http?.port, await contents(`${where}.http`, http), await contents(`${where}.tftp`, tftp)];
    described.push([name, Object.entries(rest).sort(), offered]);
  }
  // a short topology says it all by the names of its nodes, so that the keys of its snapshots stay as they are
  const joined = [...links, ...segments].map(({ ends }) => ends.map(endText));
  const isShort = joined.every((ends, index) => ends.join(' ') === `nic${index} node${index}:eth0`);
  const inputs = isShort ? described : [described, joined];
  const digest = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
  return { digest: described.length > 0 ? digest : undefined, files };
}

function endText(end: EndSpec): string {
  return end.kind === 'nic' ? end.nic : `${end.node}:${end.interface}`;
}
