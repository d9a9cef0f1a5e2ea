// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BootDurations } from '../../../../src/cli/run/live/boot-durations.ts';
import type { LiveLines } from '../../../../src/cli/run/live/live-lines.ts';
import { Progress } from '../../../../src/cli/run/live/progress.ts';
import { chooseOutput } from '../../../../src/cli/run/reporters/choose.ts';
import type { ReporterName } from '../../../../src/cli/run/reporters/names.ts';
import { harmful, hostileReport, hostileText } from '../../../support/hostile.ts';

const report = hostileReport();

/** Everything that a reporter prints about the hostile run, for a terminal without colours. */
async function printed(name: ReporterName): Promise<string> {
  let output = '';
  const write = (text: string): void => {
    output += text;
  };
  const reporter = chooseOutput([name], {
    isTerminal: true,
    paint: (_format, text) => text,
    amount: 'all',
    outPath: 'alpy-out',
    stdout: write,
    stderr: write,
    rewrite: (line) => {
      write(`${line}\n`);
    },
  });
  reporter.facts(report.environment);
  for (const one of report.tests) reporter.test(one);
  await reporter.end(report, 'alpy-out');
  return output;
}

test.for<ReporterName>(['list', 'line', 'dot', 'json', 'junit', 'github'])(
  'a hostile guest has no control or direction character in the output of the reporter %s',
  async (name) => {
    expect(harmful.exec(await printed(name))).toBeNull();
  },
);

test('a hostile guest cannot end or begin a command of GitHub Actions', async () => {
  const lines = (await printed('github')).split('\n').filter((line) => line.startsWith('::'));
  // GitHub takes no commands from the list, then the errors
  expect(lines.map((line) => line.replace(/[0-9a-f]{32}/, 'token').slice(0, 16))).toEqual([
    '::stop-commands:',
    '::token::',
    ...Array.from({ length: 3 }, () => expect.stringMatching(/^::error /) as string),
  ]);
});

test('a hostile guest has no control or direction character in the live lines', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-hostile-'));
  let shown: readonly string[] = [];
  const live = { set: (lines: readonly string[]) => (shown = lines), [Symbol.dispose]: () => undefined } as unknown as LiveLines;
  const step = { category: 'step', source: hostileText, title: hostileText, timeMs: 0 } as const;
  const boots = await BootDurations.open(join(folder.path, 'boots.json'), 'rabbit');
  using progress = new Progress(live, { isTerminal: true, paint: (_format, text) => text }, boots);
  progress.activity({ id: '1', file: hostileText, fullName: hostileText, steps: [step] });
  expect(shown).toHaveLength(2);
  for (const line of shown) expect(/\p{Cc}/u.exec(line) ?? harmful.exec(line)).toBeNull();
});
