// SPDX-License-Identifier: GPL-3.0-or-later
import { limitHit, type LimitSigns } from './limit-signs.ts';

/**
 * For commands of tests. The hosts file lies on the disk of this machine and may be written to, so its size is limited like that
 * of all files.
 */
export const nodeLimits = {
  readOnlyRoot: true,
  tmpfs: { '/tmp': 64, '/run': 16, '/var/tmp': 16 },
  memoryMiB: 256,
  pids: 512,
  fileSizeMiB: 64,
} as const;

/** Says which limit a command on a node has hit, and what helps; `undefined` if it seems to have hit none. Pure. */
export function nodeLimitHint(signs: LimitSigns): string | undefined {
  const { memoryMiB, pids, tmpfs } = nodeLimits;
  switch (limitHit(signs)) {
    case 'memory':
      return `the programs of a node may use ${memoryMiB} MiB of memory; run it as an app, with memoryMiB`;
    case 'processes':
      return `a node may have ${pids} processes; run it as an app, with pids`;
    case 'read-only root':
      return 'a node can write only to /tmp, /run and /var/tmp; run it as an app, with writableRoot: true';
    case 'space':
      return `a node can write ${tmpfs['/tmp']} MiB to /tmp, and ${tmpfs['/run']} MiB to /run and to /var/tmp; run it as an app, with memoryMiB, of which /tmp gets half, or writableRoot: true`;
    case undefined:
      return undefined;
  }
}
