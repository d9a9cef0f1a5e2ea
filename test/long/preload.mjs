// SPDX-License-Identifier: GPL-3.0-or-later
// Loaded before alpy by each of its Node processes: collects garbage, and appends how large the heap is then and how many file
// descriptors are open.
import { appendFileSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const file = process.env['ALPY_LONG_NOTES'];
if (file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc');
  setInterval(() => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    const descriptors = readdirSync('/proc/self/fd').length;
    appendFileSync(file, `${JSON.stringify({ pid: process.pid, heapMiB: (heapUsed + external) / 1024 ** 2, descriptors })}\n`);
  }, 500).unref();
}
