// SPDX-License-Identifier: GPL-3.0-or-later
/* eslint-disable no-restricted-properties -- a program of its own, not a part of the CLI */
// The program that a guard starts when its run has died. Arguments: the run, then notes, as JSON.
import type { GuardedRun, GuardNote } from './guard.ts';
import { sweep } from './sweeper.ts';

/** After this time it ends, whatever it is waiting for, in `ms`: the next run removes the rest. */
const limitMs = 30_000;

setTimeout(() => process.exit(1), limitMs).unref();
const [run = '', ...notes] = process.argv.slice(2);
await sweep(
  JSON.parse(run) as GuardedRun,
  notes.map((note) => JSON.parse(note) as GuardNote),
).catch(() => undefined); // nobody reads its output
