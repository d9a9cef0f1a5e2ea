// SPDX-License-Identifier: GPL-3.0-or-later
// As many testbeds as the memory holds, and then one more.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

interface Report {
  readonly environment: Readonly<Record<string, string>>;
  readonly tests: readonly {
    readonly name: string;
    readonly status: string;
    readonly durationMs: number;
    readonly errors?: readonly { readonly code?: string; readonly fault?: string }[];
  }[];
}

/** With TCG a testbed of this guest counts as 614 MiB, with KVM as 364 MiB. */
const yaml = 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\ntests: { concurrent: true }\n';

async function run(testFile: string, env: Readonly<Record<string, string>>) {
  await using project = await Project.create({ 'alpy.yaml': yaml, 'load.test.ts': testFile });
  await writeBlankDisk(project.path('blank.raw'));
  const { status, stdout, stderr } = await project.run(['run', '--workers', '6'], env);
  const report = JSON.parse(await readFile(project.path('alpy-out', 'run.json'), 'utf8')) as Report;
  const most = await readFile(project.path('most'), 'utf8').then(Number, () => undefined);
  return { status, output: stdout + stderr, report, most };
}

/** Counts the testbeds that exist at once. Those of `waitFor` wait until there were so many. */
const counting = (waitFor: number): string => `
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'alpy/test';

let [now, most] = [0, 0];
async function stay() {
  most = Math.max(most, ++now);
  while (most < ${waitFor}) await sleep(50);
  await sleep(500); // one testbed too many would begin meanwhile
  now -= 1;
}
afterAll(() => writeFileSync('most', String(most)));
test.override('autoBoot', false);
`;

test('as many testbeds as memory allows exist at once, the others wait, and one that needs more is refused at once', async () => {
  const file = `${counting(2)}
for (let number = 0; number < 6; number += 1) test(\`fits \${number}\`, async ({ testbed }) => { await stay(); });
describe('too large', () => {
  test.override('needs', { memoryMiB: 5000 });
  test('refused', async ({ testbed }) => { expect(testbed).toBeUndefined(); });
});
`;
  const { status, report, most, output } = await run(file, { ALPY_TESTBEDS_MIB: '1300', ALPY_ACCEL: 'tcg' });
  expect(most, output).toBe(2);
  expect(report.environment['workers']).toMatch(/^6 \(\d+ cores, 1300 MiB for testbeds\)$/);
  expect(report.tests.filter((one) => one.status === 'passed')).toHaveLength(6);
  const [refused, ...others] = report.tests.filter((one) => one.status !== 'passed');
  expect(others).toEqual([]);
  expect(refused).toMatchObject({ name: 'refused', errors: [{ code: 'ALPY_ENVIRONMENT', fault: 'environment' }] });
  expect(refused!.durationMs).toBeLessThan(20_000);
  expect(status).toBe(3);
});

test("without a setting the machine's own memory is the limit: two testbeds that need most of it run one after the other", async () => {
  const file = `${counting(1)}
import { readFileSync } from 'node:fs';
const [total, available] = ['MemTotal', 'MemAvailable'].map((name) =>
  Math.floor(Number(new RegExp(name + ': +(\\\\d+)').exec(readFileSync('/proc/meminfo', 'utf8'))[1]) / 1024));
describe('large', () => {
  test.override('needs', { memoryMiB: Math.floor(available * 0.5) });
  for (const number of [0, 1]) test(\`fits \${number}\`, async ({ testbed }) => { await stay(); });
});
describe('too large', () => {
  test.override('needs', { memoryMiB: total });
  test('refused', async ({ testbed }) => { expect(testbed).toBeUndefined(); });
});
`;
  const { status, report, most, output } = await run(file, {});
  expect(most, output).toBe(1);
  expect(report.tests.map(({ name, status: how }) => [name, how]).toSorted()).toEqual([
    ['fits 0', 'passed'],
    ['fits 1', 'passed'],
    ['refused', 'error'],
  ]);
  expect(status).toBe(3);
});
