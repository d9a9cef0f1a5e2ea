// SPDX-License-Identifier: GPL-3.0-or-later
// Leftovers of jobs after a crash of the machine, while other jobs run.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeOwner, writeOwner } from '../../src/gitlab/executor/job-owner.ts';
import { useExecutorHost } from '../support/executor-host.ts';
import { makeRepository } from '../support/runner/repository.ts';

const host = useExecutorHost();

test('the next job removes what a crash left, and leaves running jobs alone', async () => {
  const repository = await makeRepository(join(host().directory, 'late'), { 'alpy.yaml': 'appliance: { image: x }' });
  // one job has a testbed; the other is between prepare and its first script, which would create one
  const withTestbed = await host().start({
    variables: { ALPY_APPLIANCE: 'silent' },
    script: ['echo waiting', 'until [ -e go ]; do sleep 0.1; done', 'alpy status >/dev/null', 'echo alive'],
  });
  await withTestbed.printed(/^waiting$/m);
  const without = await host().start({ repository, variables: { ALPY_TOPOLOGY: 'none.yaml' }, script: ['true'] });
  await without.began('get_sources');
  const { root } = host();
  const crashed = { ...(await describeOwner(Date.now() + 3_600_000)), bootId: 'before the crash' };
  await writeOwner(join(root, 'jobs', '7-deadbeef'), crashed);
  for (const key of ['7-deadbeef', '8-deadbeef']) await mkdir(join(root, 'builds', key, 'group'), { recursive: true });

  const next = await host().start({ variables: { ALPY_APPLIANCE: 'silent' }, script: ['true'] });
  const result = await next.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  expect(result.log.match(/^removed the leftovers of job .*/gm)?.sort()).toEqual([
    'removed the leftovers of job 7-deadbeef',
    'removed the leftovers of job 8-deadbeef',
  ]);
  expect((await readdir(join(root, 'builds'))).filter((name) => name.includes('deadbeef'))).toEqual([]);
  const late = await without.result;
  expect(late.log).toContain('no testbed is described'); // it got as far as its first script
  await writeFile(join(await host().folderOf(withTestbed.payload, 'builds'), 'group/project/go'), '');
  const first = await withTestbed.result;
  expect(first, first.log).toMatchObject({ status: 'success' });
  expect(first.log).toMatch(/^alive$/m);
});
