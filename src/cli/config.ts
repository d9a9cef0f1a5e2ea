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
    const { hidden, loadConfig, originText, valueAt, withoutSecrets } = await import('../config/index.ts');
    const { config, origins, file: found } = await loadConfig({ directory: io.directory, file, variables: io.env });
    io.stdout(`# ${found}`);
    for (const [path, origin] of origins) {
      const keys = path.split('.');
      const value = withoutSecrets(keys.at(-1) ?? '', valueAt(config, keys));
      io.stdout(`${path}: ${value === hidden ? hidden : printableJson(value)}  # ${originText(origin)}`);
    }
  },
});
