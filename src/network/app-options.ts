// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';
import { argumentsOf } from '../core/arguments.ts';
import type { Wait } from '../core/deadline.ts';
import type { ProgramEnd } from '../core/exit-status.ts';
import {
  absoluteFilePath,
  abortSignal,
  bytes,
  either,
  flag,
  instanceOf,
  listOf,
  oneOf,
  options,
  path,
  pattern,
  requiredWait,
  someText,
  text,
  texts,
  textsByName,
  waitOptions,
  waitSchemas,
  wholeNumber,
} from '../core/schemas.ts';
import type { ContainerFile, Mount } from '../docker/index.ts';
import type { AppLimits } from './app-limits.ts';
import { Node } from './node.ts';

/** A program to run in the network namespace of a node. */
export interface AppSpec extends AppLimits {
  /** the node whose namespace it shares */
  readonly node: Node;
  /** default: that of the image */
  readonly command?: readonly string[] | undefined;
  /** program before the command; default: that of the image */
  readonly entrypoint?: readonly string[] | undefined;
  /** name of an image in the configuration, or a reference; default `traffic` */
  readonly image?: string | undefined;
  /** its name in logs and messages; default: the first word of the command */
  readonly name?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** read-only in the app, unless it has a writable root */
  readonly files?: readonly ContainerFile[] | undefined;
  readonly workingDirectory?: string | undefined;
  readonly user?: string | undefined;
  /** default: NET_ADMIN and NET_RAW; see {@link trafficCapabilities} */
  readonly capabilities?: readonly string[] | undefined;
  /** device files of the daemon's machine, such as /dev/net/tun for a VPN in user space; default: none */
  readonly devices?: readonly string[] | undefined;
}

/** What only alpy's own apps have. */
export interface InternalAppSpec extends AppSpec {
  /** its only capabilities, instead of those that network programs need */
  readonly exactCapabilities?: readonly string[] | undefined;
  readonly mounts?: readonly Mount[] | undefined;
}

/** What an app printed, and how it ended. */
export interface AppResult extends ProgramEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** how many bytes are missing at the start of `stdout` and `stderr`; the last 16 MiB of each are kept */
  readonly droppedBytes: number;
}

/** How to wait for the end of an app. */
export interface AppWaitOptions extends Partial<Wait> {
  /** whether an exit status other than 0 is an error; default true */
  readonly check?: boolean | undefined;
}

const appWait = options<AppWaitOptions>({ ...waitSchemas, check: flag.optional() }).optional();

const file = options<ContainerFile>({
  path: absoluteFilePath,
  content: either<ContainerFile['content']>(
    'a string, bytes, or { file } with a path of this machine',
    text,
    bytes,
    options<{ readonly file: string }>({ file: path }),
  ),
  mode: wholeNumber(0, 0o7777).optional(),
});

/** A node as an argument. */
export const nodeArgument = instanceOf(Node, 'a node, such as nodes[0]');

const appSpec = options<AppSpec>({
  node: nodeArgument,
  command: texts.optional(),
  entrypoint: texts.optional(),
  image: someText.optional(),
  name: someText.optional(),
  environment: textsByName.optional(),
  files: listOf(file, 'a list of files, each { path, content }').optional(),
  workingDirectory: someText.optional(),
  user: someText.optional(),
  capabilities: texts.optional(),
  devices: listOf(
    text.refine((device) => device.startsWith('/dev/'), { error: 'a path below /dev' }),
    'a list of device files, such as /dev/net/tun',
  ).optional(),
  writableRoot: flag.optional(),
  memoryMiB: wholeNumber(8).optional(),
  pids: wholeNumber(1).optional(),
});

/** Checks of the arguments of an app's functions. */
export const check = {
  wait: argumentsOf('app.wait', { options: appWait }),
  waitForOutput: argumentsOf('app.waitForOutput', { pattern, options: waitOptions }),
  waitUntilRunning: argumentsOf('app.waitUntilRunning', { wait: requiredWait }),
  kill: argumentsOf('app.kill', { signal: oneOf(Object.keys(constants.signals), 'a signal, such as SIGTERM').optional() }),
  checkAlive: argumentsOf('app.checkAlive'),
};

/** Checks of the arguments of the functions that start apps. */
export const appsCheck = {
  start: argumentsOf('apps.start', { spec: appSpec, signal: abortSignal.optional() }),
  run: argumentsOf('apps.run', { spec: appSpec, wait: appWait }),
};
