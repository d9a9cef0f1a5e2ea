// SPDX-License-Identifier: GPL-3.0-or-later
export { runTests, type RunOptions } from './run.ts';
