// SPDX-License-Identifier: GPL-3.0-or-later

/** What shows that a program has hit a limit of its container. */
export interface LimitSigns {
  /** whether the kernel killed a process of the container because of its limit of memory */
  readonly ranOutOfMemory: boolean;
  /** the signal that ended the program, if one did */
  readonly signal?: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A limit of a container. */
export type Limit = 'memory' | 'processes' | 'read-only root' | 'space';

/** How many lines at the end of an output are searched. Earlier ones probably do not say why a program failed. */
const searchedLines = 5;

const messages: readonly (readonly [Limit, RegExp])[] = [
  [
    'processes',
    /\b(?:can ?not|can't|unable to|failed to|could not) (?:fork|create (?:a )?(?:new )?(?:thread|process)|start (?:a )?new thread)|fork[^\n]*(?:Resource temporarily unavailable|EAGAIN)|pthread_create/i,
  ],
  ['read-only root', /Read-only file system|EROFS/i],
  ['space', /(?<!RTNETLINK answers: )No space left on device|ENOSPC|File too large|File size limit exceeded|EFBIG/i], // the kernel also says so of full tables
];

/** The limit that a failed program has hit, if its output or the kernel says so. Pure. */
export function limitHit({ ranOutOfMemory, signal, stdout, stderr }: LimitSigns): Limit | undefined {
  if (ranOutOfMemory) return 'memory';
  if (signal === 'SIGXFSZ') return 'space';
  const text = [stdout, stderr].map((output) => output.trimEnd().split('\n').slice(-searchedLines).join('\n')).join('\n');
  return messages.find(([, pattern]) => pattern.test(text))?.[0];
}
