// SPDX-License-Identifier: GPL-3.0-or-later
import type { Fault } from '../core/errors.ts';
import type { ExitStatus } from '../core/exit-status.ts';

/** Messages of programs when the kernel lacks a feature: iproute2's, and the texts of EOPNOTSUPP, EPROTONOSUPPORT and others. */
const lacking =
  /Unknown device type|qdisc kind is unknown|Operation not supported|Protocol not supported|Protocol not available|Address family not supported|Function not implemented/i;

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
    '^curl: \\((?:2|3)\\)', // failed to initialize, malformed URL
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

/**
 * Determines the fault of a failed program of a node or an app. Most programs ask the device for something, so the default is
 * the device. It is the environment if the program was killed or the host's kernel lacks a feature, and the test if the
 * program could not be started or does not understand its command line. Pure.
 * @param stderr - standard error of the program
 * @param otherwise - the fault if the output does not explain the failure
 */
export function blameOf({ code, signal }: ExitStatus, stderr: string, otherwise: Fault = 'device'): Blame {
  if (signal === 'SIGKILL') return { fault: 'environment', hint: 'it was killed, perhaps because memory ran out' };
  if (lacking.test(stderr))
    return { fault: 'environment', hint: 'the kernel of the host lacks this feature, or its name is misspelt' };
  if (notStarted.includes(code) || misused.test(stderr)) return { fault: 'usage' };
  return { fault: otherwise };
}
