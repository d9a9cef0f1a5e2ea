// SPDX-License-Identifier: GPL-3.0-or-later
export { configText, testText, unknowns, type Description } from './describe.ts';
export { explore, type ExploreQuestion, type Findings } from './explore.ts';
export type { AskLogin, KnownLogin } from './log-into.ts';
