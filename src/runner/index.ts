// SPDX-License-Identifier: GPL-3.0-or-later
export { durationsOf, readDurations } from './durations.ts';
export { runTests, type RunOptions } from './run.ts';
export { parseShard, shardOf, type Shard } from './shard.ts';
export { removeDeadSchedulers } from './scheduler/server.ts';
