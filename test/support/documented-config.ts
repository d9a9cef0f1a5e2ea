// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { resolveConfig, type Config } from '../../src/config/index.ts';
import { parseYaml } from '../../src/config/read.ts';

const folder = join(import.meta.dirname, '../../docs/examples/configuration');

/** The file of an example in docs/configuration.md, such as `nodes.yaml`. */
export function documentedFile(example: string): string {
  return join(folder, example);
}

/** The configuration in an example of docs/configuration.md, such as `nodes.yaml`. */
export function documentedConfig(example: string): Config {
  const file = documentedFile(example);
  return resolveConfig({ file, raw: parseYaml(file, readFileSync(file, 'utf8')), directory: dirname(file) }).config;
}
