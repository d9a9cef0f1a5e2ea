// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

test('`alpy clean` in a loop touches nothing of runs that start meanwhile', async () => {
  await using project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 2 }\n',
    'tests/a.test.ts':
      "import { expect, test } from 'alpy/test';\nfor (const name of ['a', 'b']) test(name, ({ nodes }) => { expect(nodes).toHaveLength(2); });\n",
  });
  await writeBlankDisk(project.path('blank.raw'));
  const over = new AbortController();
  let cleaned = 0;
  const cleaning = (async () => {
    while (!over.signal.aborted) {
      expect((await project.run(['clean'])).status).toBe(0);
      cleaned += 1;
    }
  })();
  try {
    for (let round = 0; round < 3; round += 1) {
      const { status, stdout } = await project.run(['run']);
      expect({ status, last: stdout.trimEnd().split('\n').at(-1) }, stdout).toEqual({ status: 0, last: '2 passed, 0 failed' });
    }
  } finally {
    over.abort();
    await cleaning;
  }
  expect(cleaned).toBeGreaterThan(3);
});
