// SPDX-License-Identifier: GPL-3.0-or-later
export { Agent, agentLoop } from './agent.ts';
export { lacksFeature, type Blame } from './blame.ts';
export { defaultCapabilities, trafficCapabilities } from './capabilities.ts';
export { capabilityName, checkCapabilities, reasonToRefuse } from './refused-capabilities.ts';
export { Container } from './container.ts';
export { connectTimeoutMs, Engine, jobLabel, newRunId, runLabel, type EngineOptions } from './engine.ts';
export {
  appDetails,
  AppEndedError,
  commandText,
  ContainerDiedError,
  ContainerError,
  ContainerTimeoutError,
  DaemonError,
  ExecError,
  ExecTimeoutError,
  isWrongCommand,
  type AppEnd,
} from './errors.ts';
export { exec, startExec, type ExecResult, type ExecSpec, type Execution, type TerminalSize } from './exec.ts';
export { FileCopies } from './file-copies.ts';
export type { GuardNote } from './guard.ts';
export { removeGuardedFiles } from './guarded-files.ts';
export type { ContainerFile } from './files.ts';
export { imageId } from './image-id.ts';
export { HeldContainer, heldSpec, printLimits, type Remains } from './held-container.ts';
export { featureRemedy, kernelFeatures, type KernelFeature } from './kernel-features.ts';
export { helperLimits } from './limits.ts';
export { Lifeline } from './lifeline.ts';
export type { ContainerSpec, Mount } from './spec.ts';
export { probeFileAccess, type FileAccess } from './shared-files.ts';
export { removeLeftovers, removeOfDead, removeOwn } from './leftovers.ts';
