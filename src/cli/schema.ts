// SPDX-License-Identifier: GPL-3.0-or-later
import type { CommandModule } from 'yargs';
import type { CliIo } from './io.ts';

/** `alpy schema` */
export const schemaCommand = (io: CliIo): CommandModule => ({
  command: 'schema',
  describe: 'Print the JSON Schema of alpy.yaml',
  handler: async () => {
    const { configJsonSchema } = await import('../config/index.ts');
    io.stdout(JSON.stringify(configJsonSchema(), null, 2));
  },
});
