// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../core/arguments.ts';
import type { Wait } from '../core/deadline.ts';
import type { ProgramEnd } from '../core/exit-status.ts';
import {
  either,
  flag,
  listOf,
  options,
  someText,
  text,
  textOrBytes,
  textsByName,
  waitOptions,
  waitSchemas,
  wholeNumber,
} from '../core/schemas.ts';
import { interfaceConfig, nodeChanges } from '../topology/schemas.ts';

/** How to run a command on a node. */
export interface NodeRunOptions extends Partial<Wait> {
  /** whether an exit status other than 0 is an error; default true */
  readonly check?: boolean | undefined;
  readonly input?: string | Uint8Array | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** What a command on a node printed, and how it ended. */
export interface NodeRunResult extends ProgramEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** how many bytes are missing at the start of `stdout` and `stderr`; the last 16 MiB of each are kept */
  readonly droppedBytes: number;
}

/** How to ping. */
export interface PingOptions extends Partial<Wait> {
  /** how many answers to wait for; default 1 */
  readonly count?: number;
  /** size of the payload, in `bytes`; default 56 */
  readonly sizeBytes?: number;
}

const runOptions = options<NodeRunOptions>({
  ...waitSchemas,
  check: flag.optional(),
  input: textOrBytes.optional(),
  environment: textsByName.optional(),
}).optional();

/** Checks of the arguments of a node's functions. */
export const check = {
  configure: argumentsOf('node.configure', { config: nodeChanges, wait: waitOptions }),
  run: argumentsOf('node.run', {
    command: either<string | readonly string[]>(
      'a string for sh, or a list of words',
      someText,
      listOf(text, 'a list of words', 1),
    ),
    options: runOptions,
  }),
  ping: argumentsOf('node.ping', {
    target: someText,
    options: options<PingOptions>({
      ...waitSchemas,
      count: wholeNumber(1).optional(),
      sizeBytes: wholeNumber(0, 65_507).optional(),
    }).optional(),
  }),
  counters: argumentsOf('node.counters', { wait: waitOptions }),
  setCarrier: argumentsOf('node.setCarrier', { isOn: flag, wait: waitOptions }),
};

/** Checks of the arguments of the functions of a node's interface. */
export const interfaceCheck = {
  configure: argumentsOf('interface.configure', { config: interfaceConfig, wait: waitOptions }),
  counters: argumentsOf('interface.counters', { wait: waitOptions }),
  setCarrier: argumentsOf('interface.setCarrier', { isOn: flag, wait: waitOptions }),
};
