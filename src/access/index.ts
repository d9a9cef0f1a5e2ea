// SPDX-License-Identifier: GPL-3.0-or-later
export type { Access, AccessParts, Boot, DeathSign } from './access.ts';
export { accessInputs, createAccess } from './create-access.ts';
export * from './serial-shell/index.ts';
export { loginOptions } from './serial-shell/shell-options.ts';
export { defaultPrompts, lastLine, promptAtEnd, withoutKernelLines, type PromptKind } from './serial-shell/login-prompts.ts';
