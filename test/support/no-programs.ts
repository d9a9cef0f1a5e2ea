// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the unit tests quick: one that starts a program belongs to test/programs.
import { channel } from 'node:diagnostics_channel';
import { expect } from 'vitest';

/** Node publishes each process that it starts here: https://nodejs.org/docs/latest-v24.x/api/diagnostics_channel.html#process */
const started = channel('child_process');

// this file runs once for each test file, but all of a worker share the channel
if (!started.hasSubscribers) started.subscribe(refuse);

function refuse(): void {
  throw new Error(`${expect.getState().testPath} started a program, which no unit test may do: move it to test/programs`);
}
