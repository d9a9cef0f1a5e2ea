// SPDX-License-Identifier: GPL-3.0-or-later
export { withAbsolutePaths } from './appliance-paths.ts';
export { ConfigError } from './errors.ts';
export { editorFolder, editorSchema, editorTsconfig, updateEditorFiles, writeEditorFiles } from './editor-files.ts';
export { findConfig } from './find.ts';
export { knownValues } from './known-names.ts';
export { loadConfig } from './load.ts';
export { patternOf } from './pattern.ts';
export { moduleMap } from './resolve-hooks.ts';
export { originText, resolveConfig, type LoadedConfig } from './resolve.ts';
export {
  configJsonSchema,
  ConfigSchema,
  defaultSnapshotsMiB,
  defineConfig,
  type Appliance,
  type Config,
  type ConfigInput,
  type Device,
} from './schema.ts';
export { seedFiles, type SeedFile } from './seed-files.ts';
export { hidden, withoutSecrets } from './secret-keys.ts';
