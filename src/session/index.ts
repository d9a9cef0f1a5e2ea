// SPDX-License-Identifier: GPL-3.0-or-later
export { commandHelp, parseCommandLine, sessionCommands, type SessionCommand } from './commands/index.ts';
export { SessionError, type Culprit } from './errors.ts';
export { callSocket, type SocketCall } from './socket.ts';
export { sessionFiles, sharedFolder, type JobContainerSpec, type ServiceSpec, type SessionSpec } from './spec.ts';
export { runSessionServer, startSessionServer } from './start.ts';
export { isSessionUp, stopSession } from './stop.ts';
