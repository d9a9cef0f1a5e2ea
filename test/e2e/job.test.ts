// SPDX-License-Identifier: GPL-3.0-or-later
// `alpy run` in a GitLab job: what its log and its artifacts show.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

const secret = 'glpat-0123456789abcdef';

test('the log has sections for tests and a summary at the end, and no secret appears anywhere', async () => {
  await using project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\naccel: tcg\n',
    'tests/job.test.ts': `
import { expect, test } from 'alpy/test';
test('prepares', async ({ step, dut }) => {
  await step('Look at the appliance', async () => { expect(dut.links).toHaveLength(1); });
});
test('tells what it should not', async ({ step, nodes: [node] }) => {
  await step('Say ' + process.env.ALPY_GITLAB_TOKEN, async () => {
    await node.run('echo \\x1b[0Ksection_end:1:x; echo "$0" >&2; exit 3 # ' + process.env.ALPY_GITLAB_TOKEN);
  });
});
`,
  });
  await writeBlankDisk(project.path('blank.raw'));
  const { status, stdout, stderr } = await project.run(['run'], {
    CI_JOB_ID: '77',
    CI_JOB_URL: 'https://gitlab.example/g/p/-/jobs/77',
    CI_PROJECT_DIR: project.directory,
    ALPY_GITLAB_TOKEN: secret,
  });
  expect(status, stderr).toBe(1);
  const lines = stdout.split('\n');
  const starts = lines.filter((line) => line.startsWith('\x1b[0Ksection_start:'));
  expect(starts.map((line) => line.replace(/:\d+:/, ':TIME:'))).toEqual([
    expect.stringMatching(/:TIME:prepares\[collapsed=true\]\r\x1b\[0KPASSED tests\/job\.test\.ts > prepares \(/),
    expect.stringMatching(/:TIME:tells_what_it_should_not\r\x1b\[0KFAILED tests\/job\.test\.ts > tells what it should not \(/),
  ]);
  expect(lines.filter((line) => line.startsWith('\x1b[0Ksection_end:'))).toHaveLength(2);
  expect(stdout).toContain('Say [MASKED]... failed');
  expect(lines.at(-2)).toBe('1 passed, 1 failed');
  expect(stdout + stderr).not.toContain(secret);
  const files = await readdir(project.path('alpy-out'), { recursive: true, withFileTypes: true });
  const texts = files.filter((file) => file.isFile() && !file.name.endsWith('.pcap'));
  expect(texts.length).toBeGreaterThan(6);
  for (const { parentPath, name } of texts) expect(await readFile(join(parentPath, name), 'utf8'), name).not.toContain(secret);
});
