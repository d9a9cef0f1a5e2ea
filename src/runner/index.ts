// SPDX-License-Identifier: GPL-3.0-or-later
export type { Activity, OpenStep } from './activity.ts';
export { readDurations } from './durations.ts';
export { readLastFailed } from './last-failed.ts';
export { listTests } from './list-tests.ts';
export { runTests } from './run.ts';
export type { PauseOptions, RunOptions } from './run-options.ts';
export type { Selection } from './selection.ts';
export type { NextRound, WatchOptions } from './watch/watch-options.ts';
export { seedOf } from './shuffle.ts';
export { parseShard, shardOf } from './shard.ts';
export { removeDeadSchedulers } from './scheduler/server.ts';
