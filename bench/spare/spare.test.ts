// SPDX-License-Identifier: GPL-3.0-or-later
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'alpy/test';

/** A test that goes on for some time, in `ms`, while the machine is idle. */
const restMs = 2000;

let startMs = 0;

// runs before the fixtures of the test, which start with its testbed
beforeEach(() => {
  startMs = performance.now();
});

for (const which of ['first', 'second', 'third'])
  test(which, async ({ nodes: [node], directory }) => {
    const { received } = await node.ping('192.168.1.1');
    const ms = performance.now() - startMs;
    expect(received).toBe(1);
    await writeFile(join(directory, 'start-to-ping-ms'), String(ms));
    await sleep(restMs);
  });
