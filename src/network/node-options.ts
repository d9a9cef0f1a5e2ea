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
import { isAddress, isNetwork, type InterfaceConfig } from './address.ts';

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

const network = text.refine(isNetwork, {
  error: 'an IP address with its prefix length, such as 192.168.1.2/24 or fd00::2/64',
});
const address = text.refine(isAddress, { error: 'an IP address without a prefix length, such as 192.168.1.1 or fd00::1' });
const networks = 'an IP address with its prefix length, such as 192.168.1.2/24, or a list of them';
const addresses = 'an IP address, or a list of them';

const interfaceConfig = options<InterfaceConfig>({
  address: either<string | readonly string[]>(networks, network, listOf(network, networks)).optional(),
  gateway: either<string | readonly string[]>(addresses, address, listOf(address, addresses)).optional(),
  routes: listOf(
    options<{ readonly to: string; readonly via: string }>({ to: network, via: address }),
    'a list of routes, each { to, via }',
  ).optional(),
  mtu: wholeNumber(68, 65_521).optional(),
});

const runOptions = options<NodeRunOptions>({
  ...waitSchemas,
  check: flag.optional(),
  input: textOrBytes.optional(),
  environment: textsByName.optional(),
}).optional();

/** Checks of the arguments of a node's functions. */
export const check = {
  configure: argumentsOf('node.configure', { config: interfaceConfig, wait: waitOptions }),
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
