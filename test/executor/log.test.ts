// SPDX-License-Identifier: GPL-3.0-or-later
// A job's log: the output of scripts in order, and each event of the testbed once.
import { expect, test } from 'vitest';
import { useExecutorHost } from '../support/executor-host.ts';

const host = useExecutorHost();

test('alternating writes to stdout and stderr are in the log in order, after the command', async () => {
  const script = 'for i in 0 1 2 3 4 5 6 7 8 9; do echo "odd-$i" >&2; echo "even-$i"; done';
  const job = await host().start({ variables: { ALPY_APPLIANCE: 'silent' }, script: [script] });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'success' });
  const lines = result.log.split(/\r?\n/).filter((line) => /^(odd|even)-\d$|\$ for i/.test(line));
  const [command = '', ...rest] = lines;
  expect(command).toContain(script);
  expect(rest).toEqual(Array.from({ length: 10 }, (_, i) => [`odd-${i}`, `even-${i}`]).flat());
});

test.each([
  ['the script does not mention', '', []],
  ['the script prints', 'alpy console expect never-printed --timeout 60 || true', []],
  ['after_script sees too', '', ['alpy console tail || true', 'alpy status || true']],
])('a guest that powers itself off, which %s, is reported once', async (_, command, afterScript) => {
  const job = await host().start({
    variables: { ALPY_APPLIANCE: 'talking' },
    script: [
      "until alpy console tail | grep -q 'tiny guest'; do sleep 0.1; done",
      'alpy console send q',
      ...(command === '' ? ['while alpy status >/dev/null 2>&1; do sleep 0.1; done'] : [command]),
      'echo reached',
    ],
    afterScript,
    artifacts: { paths: ['alpy-out/testbed/*'], when: 'always' },
  });
  const result = await job.result;
  expect(result, result.log).toMatchObject({ status: 'failed', failureReason: 'script_failure', exitCode: 1 });
  expect(result.log).toMatch(/^reached$/m);
  const own = result.log.split('\n').filter((line) => line.includes('the guest powered itself off'));
  expect(own, result.log).toHaveLength(1 + (afterScript.length > 0 ? 1 : 0)); // after_script asks for it explicitly
  expect(await host().artifacts(job)).toContain('alpy-out/testbed/console.log');
});
