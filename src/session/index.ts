// SPDX-License-Identifier: GPL-3.0-or-later
export { commandHelp, parseCommandLine, sessionCommands } from './commands/index.ts';
export { SessionError } from './errors.ts';
export type { CallerTerminal } from './call.ts';
export { callSocket, type SocketCall } from './socket.ts';
export { sessionFiles, sharedFolder, type ContainerLimits, type ServiceSpec, type SessionSpec } from './spec.ts';
export { runSessionServer, startSessionServer } from './start.ts';
export { isSessionUp, stopSession } from './stop.ts';
