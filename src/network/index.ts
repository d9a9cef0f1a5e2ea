// SPDX-License-Identifier: GPL-3.0-or-later
export type { InterfaceConfig } from './address.ts';
export { App, type AppResult, type AppSpec } from './app.ts';
export type { Counters } from './counters.ts';
export { hostsText, Node, type NodeRunOptions, type NodeRunResult } from './node.ts';
export type { PingReport } from './ping.ts';
export { moveTap, prepareTaps, type Tap } from './taps.ts';
