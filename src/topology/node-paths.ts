// SPDX-License-Identifier: GPL-3.0-or-later
import type { NodeConfig, ServedFiles } from './node-config.ts';
import type { RawTopology } from './raw-topology.ts';

/**
 * A topology in which all paths of files that nodes offer are absolute. Pure.
 * @param absolute - makes a path absolute
 */
export function withNodePaths<T extends RawTopology>(topology: T, absolute: (path: string) => string): T {
  const { nodes } = topology;
  if (!nodes) return topology;
  const changed = Object.entries(nodes).map(([name, node]): [string, NodeConfig] => {
    const { http, tftp } = node;
    return [
      name,
      { ...node, ...(http ? { http: served(http, absolute) } : {}), ...(tftp ? { tftp: served(tftp, absolute) } : {}) },
    ];
  });
  return { ...topology, nodes: Object.fromEntries(changed) };
}

/** The options of a server with absolute paths. Pure. */
function served<T extends ServedFiles>(options: T, absolute: (path: string) => string): T {
  const { root, files } = options;
  const changed = Object.entries(files ?? {}).map(([name, content]) => [
    name,
    typeof content === 'string' ? content : { file: absolute(content.file) },
  ]);
  return {
    ...options,
    ...(root === undefined ? {} : { root: absolute(root) }),
    ...(files === undefined ? {} : { files: Object.fromEntries(changed) as typeof files }),
  };
}

/** The files and folders of this machine that nodes offer. Pure. */
export function servedPaths({ nodes = {} }: RawTopology): readonly string[] {
  return Object.values(nodes)
    .flatMap(({ http, tftp }) => [http, tftp])
    .flatMap((options) => [
      options?.root,
      ...Object.values(options?.files ?? {}).map((file) => (typeof file === 'string' ? undefined : file.file)),
    ])
    .filter((path) => path !== undefined);
}
