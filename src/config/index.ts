// SPDX-License-Identifier: GPL-3.0-or-later
export { ConfigError } from './errors.ts';
export { configFileNames, findConfig } from './find.ts';
export { knownValues, type KnownValue } from './known-names.ts';
export { loadConfig, type ConfigSources } from './load.ts';
export { patternOf } from './pattern.ts';
export { installResolveHooks, moduleMap } from './resolve-hooks.ts';
export { originText, resolveConfig, type ConfigLayers, type LoadedConfig, type Origin } from './resolve.ts';
export {
  configJsonSchema,
  ConfigSchema,
  defaultSnapshotsMiB,
  defineConfig,
  type Config,
  type ConfigInput,
  type ConfigOverrides,
} from './schema.ts';
export { valueAt } from './tree.ts';
export { setVariables } from './variables.ts';
