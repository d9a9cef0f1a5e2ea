// SPDX-License-Identifier: GPL-3.0-or-later
export { commandHelp, parseWords, sessionCommands, type SessionCommand } from './commands/index.ts';
export { SessionError, type Culprit } from './errors.ts';
export { callSocket, type SocketCall } from './socket.ts';
export { sessionFiles, sharedFolder, type JobContainerSpec, type ServiceSpec, type SessionSpec } from './spec.ts';
export { runKeeper, startKeeper } from './start.ts';
export { isKept, stopKeeper } from './stop.ts';
