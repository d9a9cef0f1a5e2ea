// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from '../config/index.ts';
import type { ResolvedImage } from '../images/index.ts';
import type { Mount } from '../docker/index.ts';

/** A program that runs beside a node as long as the testbed does. */
export interface ServiceSpec {
  /** how `alpy exec` calls it, and its log is called */
  readonly name: string;
  readonly node: string;
  /** location of its image */
  readonly image: string;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** The container in which the scripts of a CI job run. */
export interface JobContainerSpec {
  /** the node whose namespace it shares */
  readonly node: string;
  /** location of its image */
  readonly image: string;
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What a keeper is to hold. Plain data: it is handed over as a file. */
export interface SessionSpec {
  /** absolute path of the folder of the session; the testbed's files go into `testbed` below it */
  readonly directory: string;
  /** identifier of the run, by which its containers are found */
  readonly runId: string;
  readonly jobId?: string | undefined;
  readonly config: Config;
  /** every image with its location */
  readonly images: readonly ResolvedImage[];
  readonly accelCacheFile?: string | undefined;
  /** folder for snapshots */
  readonly snapshotDirectory: string;
  /** folders of which the disk image, and all that it is based on, must lie in one; absent for any */
  readonly diskFolders?: readonly string[] | undefined;
  /** when all of it ends at the latest, in `ms` since 1970 */
  readonly deadlineMs: number;
  readonly services: readonly ServiceSpec[];
  /** absent when no job runs on it */
  readonly job?: JobContainerSpec | undefined;
  /** values that no log may show */
  readonly secrets: readonly string[];
}

/** Paths below the folder of a session. */
export const sessionFiles = {
  /** {@link SessionSpec} as JSON */
  spec: 'session.json',
  /** where the keeper takes calls */
  socket: 'keeper.sock',
  /** which process the keeper is, as `ownerState` reads it */
  identity: 'keeper.id',
  /** what the keeper prints, such as why it ended */
  log: 'keeper.log',
  /** captures, console logs, events */
  testbed: 'testbed',
  /** what the job's container sees as /alpy */
  shared: 'shared',
  /** in that folder: the serial console as a socket */
  console: 'console.sock',
} as const;

/** Where a job's container sees the folder {@link sessionFiles.shared}. */
export const sharedFolder = '/alpy';
