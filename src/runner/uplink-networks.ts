// SPDX-License-Identifier: GPL-3.0-or-later
import { ConfigError } from '../config/errors.ts';
import type { LoadedConfig } from '../config/index.ts';
import type { Engine } from '../docker/index.ts';
import { uplinkProblem } from '../qemu/index.ts';

/** Whether a configuration names networks of the daemon, so that {@link checkUplinks} has something to check. Pure. */
export function namesNetworks({ config }: Pick<LoadedConfig, 'config'>): boolean {
  return networksOf(config).length > 0;
}

/**
 * Checks that the daemon has the networks that the configuration's uplinks name.
 * @throws ConfigError with the line of each name that it does not have
 * @throws ContainerError if the daemon does not list its networks
 */
export async function checkUplinks(
  engine: Engine,
  { config, file, lineOf }: Pick<LoadedConfig, 'config' | 'file' | 'lineOf'>,
  signal?: AbortSignal,
): Promise<void> {
  const problems: string[] = [];
  for (const { node, network } of networksOf(config)) {
    const problem = await uplinkProblem(engine, node, network, signal);
    const line = lineOf(['topology', 'nodes', node, 'uplink']);
    if (problem !== undefined) problems.push(line === undefined ? problem : `line ${line}: ${problem}`);
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
}

function networksOf({ topology }: LoadedConfig['config']): readonly { readonly node: string; readonly network: string }[] {
  return Object.entries(topology.nodes ?? {}).flatMap(([node, { uplink }]) =>
    typeof uplink === 'string' ? [{ node, network: uplink }] : [],
  );
}
