// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import { printableJson } from '../core/text.ts';
import { configOption, type CliIo } from './io.ts';

/** `alpy config` */
export const configCommand = (io: CliIo): CommandModule<object, { readonly config?: string | undefined }> => ({
  command: 'config',
  describe: 'Print the configuration and where each value comes from',
  builder: (yargs) => yargs.options(configOption),
  handler: async ({ config: file }) => {
    const { loadConfig, originText, valueAt } = await import('../config/index.ts');
    const { config, origins, file: found } = await loadConfig({ directory: io.directory, file, variables: io.env });
    io.stdout(`# ${found}`);
    for (const [path, origin] of origins) {
      const value = path.endsWith('password') ? '(hidden)' : printableJson(valueAt(config, path.split('.')));
      io.stdout(`${path}: ${value}  # ${originText(origin)}`);
    }
  },
});
