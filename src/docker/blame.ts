// SPDX-License-Identifier: GPL-3.0-or-later
import type { Fault } from '../core/errors.ts';
import type { ExitStatus } from './exit-status.ts';

/** What programs say when the kernel lacks what they ask for: iproute2, and the texts of EOPNOTSUPP, EPROTONOSUPPORT and others. */
const lacking =
  /Unknown device type|qdisc kind is unknown|Operation not supported|Protocol not supported|Protocol not available|Address family not supported|Function not implemented/i;

/** What they say when they do not understand their command line. */
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

/** Exit statuses by which a shell says that it could not start a program: not executable, not found. */
const notStarted: readonly number[] = [126, 127];

/** Whose fault the failure of a program is, and what to add to its message. */
export interface Blame {
  readonly fault: Fault;
  readonly hint?: string;
}

/**
 * Whose fault it is that a program in a node or an app failed. Most of them ask the device for something, so it is the device's,
 * unless the program says that it is not: it was killed, or the kernel of the host lacks something (the environment's), or it
 * could not be started or does not understand its command line (the test's). Pure.
 * @param stderr - what it printed on standard error
 * @param otherwise - whose fault it is when nothing tells
 */
export function blameOf({ code, signal }: ExitStatus, stderr: string, otherwise: Fault = 'device'): Blame {
  if (signal === 'SIGKILL') return { fault: 'environment', hint: 'it was killed: was there too little memory?' };
  if (lacking.test(stderr))
    return { fault: 'environment', hint: 'the kernel of the host lacks what this needs, or its name is misspelt' };
  if (notStarted.includes(code) || misused.test(stderr)) return { fault: 'usage' };
  return { fault: otherwise };
}
