// SPDX-License-Identifier: GPL-3.0-or-later
export { ownerState, ownIdentity } from '../core/identity.ts';

/** Label of every container: the process that made it, without which nobody starts it and nobody holds its lifeline. */
export const ownerLabel = 'io.alpy.owner';
