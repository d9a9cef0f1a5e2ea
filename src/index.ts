// SPDX-License-Identifier: GPL-3.0-or-later
/// <reference types="node" preserve="true" />
/** Alpy as a library: testbeds without a test runner. Tests import `alpy/test` instead. @module alpy */
export { AlpyError, BugError, DeviceError, EnvironmentError, UsageError, type Fault } from './core/errors.ts';
export type { Wait } from './core/deadline.ts';
export type { ProgramEnd } from './core/exit-status.ts';
export type { Pattern } from './core/pattern.ts';
export { log, step, withSink, type StepCategory, type StepEvent, type StepSink } from './core/step.ts';
export * from './access/serial-shell/index.ts';
export {
  Capture,
  CaptureError,
  DecodeTimeoutError,
  FrameTimeoutError,
  type DecodeOptions,
  type Frame,
  type ReadOptions,
} from './capture/index.ts';
export { defineConfig, loadConfig, type Config, type ConfigInput, type Device } from './config/index.ts';
export * from './console/index.ts';
export {
  AppEndedError,
  ContainerDiedError,
  ContainerError,
  ContainerTimeoutError,
  DaemonError,
  Engine,
  ExecError,
  ExecTimeoutError,
} from './docker/index.ts';
export { resolveImages, type ResolvedImage } from './images/index.ts';
export {
  App,
  Node,
  NodeInterface,
  NodeServiceError,
  NodeServices,
  ServiceTimeoutError,
  type AppResult,
  type AppSpec,
  type AppWaitOptions,
  type Counters,
  type DhcpServer,
  type DnsQuery,
  type DnsServer,
  type HttpRequest,
  type HttpServer,
  type InterfaceConfig,
  type Lease,
  type NodeRunOptions,
  type NodeRunResult,
  type NtpRequest,
  type NtpServer,
  type PingOptions,
  type PingReport,
  type RadiusRequest,
  type RadiusServer,
  type SyslogMessage,
  type SyslogServer,
  type TftpRequest,
  type TftpServer,
} from './network/index.ts';
export {
  DiskImageError,
  HypervisorError,
  QmpClient,
  QmpClosedError,
  QmpError,
  QmpTimeoutError,
  type DiskImage,
  type DiskQuestion,
  type Drive,
  type DriveSpec,
  type FrameCounts,
  type InspectedDisks,
  type NicModel,
  type QmpEvent,
} from './qemu/index.ts';
export * from './testbed/index.ts';
export type {
  DhcpOptions,
  DnsOptions,
  HttpOptions,
  NodeChanges,
  NodeConfig,
  NtpOptions,
  RadiusOptions,
  ServedFiles,
  SyslogOptions,
  TftpOptions,
} from './topology/index.ts';
export { alpyVersion } from './version.ts';
