// SPDX-License-Identifier: GPL-3.0-or-later
import { guestMemoryMiB } from '../../core/memory.ts';
import { lacksFeature } from '../../docker/index.ts';
import { limitHit, type LimitSigns } from '../limit-signs.ts';

/** Says which limit a command on a node of kind `guest` has hit, and what helps; `undefined` if it seems to have hit none. Pure. */
export function guestHint(signs: Omit<LimitSigns, 'ranOutOfMemory'>): string | undefined {
  if (lacksFeature(signs.stderr))
    return "a node of kind guest has Debian's cloud kernel, which lacks this feature, or the feature's name is misspelt";
  if (limitHit({ ...signs, ranOutOfMemory: false }) === 'space')
    return `a node of kind guest has ${guestMemoryMiB} MiB of memory, and its files are there; write less, or use a node of kind container`;
  return undefined;
}
