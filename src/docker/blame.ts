// SPDX-License-Identifier: GPL-3.0-or-later
import type { Fault } from '../core/errors.ts';
import type { ExitStatus } from '../core/exit-status.ts';
import { featureRemedy, featuresOf, type KernelFeature } from './kernel-features.ts';

/** Messages of programs when the kernel lacks a feature: iproute2's, and the texts of EOPNOTSUPP, EPROTONOSUPPORT and others. */
const lacking = new RegExp(
  [
    'Unknown device type',
    'Specified qdisc (?:kind is unknown|not found)',
    'TC classifier not found',
    'Requested type not found', // of IPsec
    '(?:Operation|Protocol) not supported',
    'Protocol not available',
    'Address family not supported',
    'Function not implemented',
    'do you need to insmod',
    'module \\S+ not found in directory',
    '(?:kernel (?:does not|doesn.t) support|not supported by (?:the |your )?kernel|missing kernel (?:module|support))',
  ].join('|'),
  'i',
);

/** Exit statuses of curl for a wrong command line. With `-s`, curl does not say why it failed. */
const curlMisused: readonly number[] = [1, 2, 3, 4, 26, 43, 48];

/** Messages of programs that do not understand their command line. */
const misused = new RegExp(
  [
    '^\\s*usage\\b',
    '(?:unrecognized|unknown|invalid|illegal|ambiguous) option',
    'option .*(?:is unknown|is ambiguous|requires an? |requires parameter|expected a proper)',
    'try [`\'"].*help[\'"]',
    'is unknown, try ',
    'is expected rather than ',
    'parameter error',
    'syntax error',
    'address already in use',
    '^RTNETLINK answers: ',
    `^curl: \\((?:${curlMisused.join('|')})\\)`,
  ].join('|'),
  'im',
);

/** Exit statuses of a shell that could not start a program: not executable, not found. */
const notStarted: readonly number[] = [126, 127];

/** Whose fault the failure of a program is, and what to add to its message. */
export interface Blame {
  readonly fault: Fault;
  readonly hint?: string;
}

/** How a program failed. */
export interface Failure {
  readonly command: readonly string[];
  readonly exitStatus: ExitStatus;
  readonly stderr: string;
}

/**
 * Determines the fault of a failed program of a node or an app. Most programs ask the device for something, so the default is
 * the device. It is the environment if the program was killed or the host's kernel lacks a feature, and the test if the
 * program could not be started or does not understand its command line. Pure.
 * @param otherwise - the fault if the output does not explain the failure
 */
export function blameOf({ command, exitStatus: { code, signal }, stderr }: Failure, otherwise: Fault = 'device'): Blame {
  if (signal === 'SIGKILL') return { fault: 'environment', hint: 'it was killed, perhaps because memory ran out' };
  if (lacksFeature(stderr)) {
    return { fault: 'environment', hint: hintAt(featuresOf(command)) };
  }
  const isCurl = command[0]?.split('/').at(-1) === 'curl';
  if (notStarted.includes(code) || misused.test(stderr) || (isCurl && curlMisused.includes(code))) return { fault: 'usage' };
  return { fault: otherwise };
}

/** Whether a program says that the kernel lacks a feature. Pure. */
export function lacksFeature(stderr: string): boolean {
  return lacking.test(stderr);
}

function hintAt(features: readonly KernelFeature[]): string {
  const where = "nodes and apps use the kernel of Docker's host, which lacks";
  if (features.length === 0) return `${where} this feature, or the feature's name is misspelt`;
  const names = features.map(({ name }) => name).join(' or ');
  return `${where} ${names}: try "${featureRemedy(features)}" there, or run it on a node of kind guest; docs/nodes-and-the-hosts-kernel.md says what else helps`;
}
