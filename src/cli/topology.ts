// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import { printableJson } from '../core/text.ts';
import { configOption, type CliIo } from './io.ts';

interface TopologyArguments {
  readonly config?: string | undefined;
  readonly format: string;
}

/** `alpy topology` */
export const topologyCommand = (io: CliIo): CommandModule<object, TopologyArguments> => ({
  command: 'topology',
  describe: 'Print the devices, nodes, links and segments of the configuration',
  builder: (yargs) =>
    yargs.options({
      ...configOption,
      format: {
        choices: ['text', 'mermaid', 'json'] as const,
        default: 'text',
        requiresArg: true,
        describe: 'text for people, mermaid for a diagram in Markdown, json for programs',
      },
    }),
  handler: async ({ config: file, format }) => {
    const [{ loadConfig }, { describeTopology, resolveTopology }, { topologyMermaid, topologyText }] = await Promise.all([
      import('../config/index.ts'),
      import('../topology/index.ts'),
      import('./topology-text.ts'),
    ]);
    const { config } = await loadConfig({ directory: io.directory, file, variables: io.env });
    const topology = describeTopology(resolveTopology(config.topology, config.devices));
    if (format === 'json') io.stdout(printableJson(topology, 2));
    else io.stdout((format === 'mermaid' ? topologyMermaid : topologyText)(topology).join('\n'));
  },
});
