// SPDX-License-Identifier: GPL-3.0-or-later
export type { InterfaceConfig } from '../topology/index.ts';
export { App, type AppImage, type AppPlace } from './app.ts';
export { appsCheck, nodeArgument, type AppResult, type AppSpec, type AppWaitOptions } from './app-options.ts';
export type { Counters } from './counters.ts';
export { Node } from './node.ts';
export type { NodePlace } from './node-container.ts';
export { hostsText } from './node-defaults.ts';
export type { NodeRunOptions, NodeRunResult, PingOptions } from './node-options.ts';
export type { PingReport } from './ping.ts';
export * from './probe/index.ts';
export { resolverText } from './resolver.ts';
export { NodeInterface, type SetCarrier } from './node-interface.ts';
export { createInterfaces, moveInterface, setPort } from './taps.ts';
export * from './services/index.ts';
