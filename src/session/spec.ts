// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import type { ResolvedImage } from '../images/index.ts';
import type { Mount } from '../docker/index.ts';

/** What a container of a job may use. */
export interface ContainerLimits {
  /** memory, in `MiB` */
  readonly memoryMiB: number;
  /** processes and threads */
  readonly pids: number;
  /** capabilities besides those of every network program */
  readonly capabilities: readonly string[];
}

/** A program that runs beside a node until the testbed ends. */
export interface ServiceSpec {
  /** name for `alpy exec`, and of its log */
  readonly name: string;
  readonly node: string;
  /** location of its image */
  readonly image: string;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly limits: ContainerLimits;
}

/** The container in which the scripts of a CI job run. */
export interface JobContainerSpec {
  /** the node whose namespace it shares */
  readonly node: string;
  /** location of its image */
  readonly image: string;
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ContainerLimits;
}

/** The session to serve. Plain data, passed as a file. The docs call the process that serves it the keeper. */
export interface SessionSpec {
  /** absolute path of the folder of the session; the testbed's files go into `testbed` below it */
  readonly directory: string;
  /** identifier of the run, which labels its containers */
  readonly runId: string;
  readonly jobId?: string | undefined;
  readonly config: Config;
  /** all images with their locations */
  readonly images: readonly ResolvedImage[];
  readonly accelCacheFile?: string | undefined;
  /** folder for snapshots */
  readonly snapshotDirectory: string;
  /** folder for unpacked disk images */
  readonly unpackedDirectory?: string | undefined;
  /** the disk image and its backing files must be in one of these folders; absent for any folder */
  readonly diskFolders?: readonly string[] | undefined;
  /** when the session ends at the latest, in `ms` since 1970 */
  readonly deadlineMs: number;
  readonly services: readonly ServiceSpec[];
  /** absent if no job uses the session */
  readonly job?: JobContainerSpec | undefined;
  /** values to hide in logs */
  readonly secrets: readonly string[];
}

/** Paths below the folder of a session. */
export const sessionFiles = {
  /** {@link SessionSpec} as JSON */
  spec: 'session.json',
  /** socket on which the server takes calls */
  socket: 'keeper.sock',
  /** identity of the server's process; see `parseIdentity` */
  identity: 'keeper.id',
  /** what the server prints, such as why it ended */
  log: 'keeper.log',
  /** captures, console logs, events */
  testbed: 'testbed',
  /** the job's container sees it as /alpy */
  shared: 'shared',
  /** in that folder: the serial console as a socket */
  console: 'console.sock',
} as const;

/** Name of the socket of the console of a device other than the first, beside {@link sessionFiles.console}. */
export function consoleSocketOf(dut: string): string {
  return `console-${dut}.sock`;
}

/**
 * The sockets of a session, for the guard of its process. In this order, both folders are empty after a paused test.
 * @param directory - absolute path of the folder of the session
 * @param duts - names of the devices
 */
export function sessionSockets(directory: string, duts: readonly string[]): readonly { readonly socket: string }[] {
  const { shared, console, socket } = sessionFiles;
  const consoles = [console, ...duts.slice(1).map(consoleSocketOf)].map((name) => join(directory, shared, name));
  return [...consoles, join(directory, socket)].map((path) => ({ socket: path }));
}

/** Where a job's container sees the folder {@link sessionFiles.shared}. */
export const sharedFolder = '/alpy';
