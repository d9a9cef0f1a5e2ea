// SPDX-License-Identifier: GPL-3.0-or-later
// Loaded before alpy by each of its Node processes: collects garbage and appends how large the heap is then.
import { appendFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const file = process.env['ALPY_LONG_HEAPS'];
if (file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc');
  setInterval(() => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    appendFileSync(file, `${JSON.stringify({ pid: process.pid, bytes: heapUsed + external })}\n`);
  }, 500).unref();
}
