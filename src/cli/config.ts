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
    const { hidden, loadConfig, originText, withoutSecrets } = await import('../config/index.ts');
    const { values, file: found } = await loadConfig({ directory: io.directory, file, variables: io.env });
    io.stdout(`# ${found}`);
    for (const [path, { value: set, origin }] of values) {
      const value = withoutSecrets(path.split('.').at(-1) ?? '', set);
      io.stdout(`${path}: ${value === hidden ? hidden : printableJson(value)}  # ${originText(origin)}`);
    }
  },
});
