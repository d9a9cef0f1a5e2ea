// SPDX-License-Identifier: GPL-3.0-or-later
import type { Attempt } from './attempt.ts';
import { fileAttempts } from './files.ts';
import { kernelAttempts, namespaceAttempts } from './kernel.ts';
import { processAttempts } from './processes.ts';
import { socketAttempts } from './sockets.ts';

/** Everything that is tried from each place. */
export const attempts: readonly Attempt[] = [
  ...processAttempts,
  ...namespaceAttempts,
  ...kernelAttempts,
  ...fileAttempts,
  ...socketAttempts,
];
