// SPDX-License-Identifier: GPL-3.0-or-later
// `npm run test:faults`: injects faults into runs at random moments, and judges how alpy deals with them.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import yargs from 'yargs';
import { alpyVersion } from '../../src/version.ts';
import { runCampaign } from './campaign.ts';
import { faultKinds } from './kinds/index.ts';
import { OutcomesFile } from './outcomes-file.ts';
import { planCampaign } from './plan.ts';
import type { Outcome } from './run-case.ts';
import { harmlessTable, outcomeTable, withSection } from './table.ts';

const options = await yargs(process.argv.slice(2))
  .usage('$0 -- [options]')
  .options({
    seed: { type: 'number', describe: 'seed of the campaign; default: a random one' },
    count: { type: 'number', default: 50, describe: 'how many faults to inject' },
    only: { type: 'array', string: true, choices: faultKinds.map(({ name }) => name), describe: 'kinds of faults' },
    case: { type: 'number', describe: 'replay only this case of the campaign' },
    jobs: { type: 'number', default: 2, describe: 'how many cases run at the same time' },
    write: { type: 'boolean', default: false, describe: 'write the table of outcomes to docs/reliability.md' },
    json: { type: 'boolean', default: false, describe: 'print the outcomes as JSON' },
    verbose: { type: 'boolean', default: false, describe: 'also print the output of runs that were wrong' },
    resume: { type: 'string', describe: 'file of outcomes: continue this campaign, whose first part was interrupted' },
  })
  .strict()
  .parseAsync();

const seed = options.seed ?? Math.floor(Math.random() * 1e6);
const kinds =
  options.only === undefined
    ? faultKinds.filter(({ isSlow }) => isSlow !== true || options.count > 50)
    : faultKinds.filter(({ name }) => options.only!.includes(name));
const selection = options.only === undefined ? '' : ` --only ${options.only.join(' ')}`;
const command = `npm run test:faults -- --seed ${seed} --count ${options.count}${selection}`;
const isWhole = options.only === undefined && options.case === undefined;
const startMs = performance.now();

const file = new OutcomesFile(options.resume);
const earlier = file.read();
const outcomes: Outcome[] = [...earlier];
const planned = planCampaign(seed, Math.max(options.count, options.case ?? 0), kinds);
const cases = planned.filter(({ number }) =>
  options.case === undefined ? outcomes.every((outcome) => outcome.case.number !== number) : number === options.case,
);

const stop = new AbortController(); // the first signal ends the campaign after the current case
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stop.abort();
  });
say(`faults: seed ${seed}, ${cases.length} cases`);
await runCampaign({ cases, kinds, jobs: options.jobs, onOutcome: report, signal: stop.signal });
const table = outcomeTable(outcomes, seed);
const earlierSeconds = earlier.reduce((sum, { seconds }) => sum + seconds, 0) / options.jobs;
const minutes = (earlierSeconds + (performance.now() - startMs) / 1000) / 60;
const wrong = outcomes.filter(({ verdict }) => verdict === 'wrong').length;
if (options.write && isWhole && !stop.signal.aborted) await writeTable();
if (options.json)
  process.stdout.write(
    `${JSON.stringify({ seed, outcomes: outcomes.map((one) => ({ ...one, output: undefined })) }, undefined, 2)}\n`,
  );
else process.stdout.write(`${table}\n`);
say(`faults: ${outcomes.length} cases in ${minutes.toFixed(1)} minutes, ${wrong} wrong`);
const missed = outcomes.filter(({ verdict }) => verdict === 'missed').length;
const hasMissedMost = 2 * missed > outcomes.length; // then the campaign proves nothing
if (hasMissedMost) say(`faults: ${missed} of ${outcomes.length} faults missed what they should hit; see the reasons above`);
process.exitCode = wrong > 0 || hasMissedMost || stop.signal.aborted ? 1 : 0;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function report(outcome: Outcome): void {
  outcomes.push(outcome);
  file.add(outcome);
  const { number, kind, phase, test, delayMs } = outcome.case;
  const { verdict, problems, status = 'none', seconds } = outcome;
  const moment = `${kind} in ${phase} of test ${test} after ${delayMs} ms`;
  say(`${String(number).padStart(3)} ${verdict.padEnd(8)} ${moment}: status ${status ?? 'none'} (${seconds.toFixed(1)} s)`);
  for (const problem of problems) say(`      ${problem}`);
  if (verdict !== 'wrong') return;
  if (options.verbose) for (const line of outcome.output) say(`      | ${line}`);
  say(`      replay: ${command} --case ${number}`);
}

async function writeTable(): Promise<void> {
  const path = resolve(import.meta.dirname, '../../docs/reliability.md');
  const page = await readFile(path, 'utf8').catch(() => '# Reliability\n');
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
  const head = `${date}, alpy ${alpyVersion}, ${machine}: \`${command}\`, ${minutes.toFixed(1)} minutes.`;
  const legend = `\`npm run test:faults\` injects faults at random moments of runs: signals to alpy's processes; the end, memory or network interface of a
container; a guest that panics, hangs or prints without end; a Docker daemon that freezes, breaks off or restarts; full disks; damaged
snapshots; steps of the clock. \`npm test\` injects 50. For each wrong outcome, the campaign prints the command that replays it.

A fault is injected at a random moment of a run with three tests, while another testbed runs. _Correct_: the run failed with the
expected status and error code, kept its results, left nothing behind after 5 s, and the other testbed was not affected. _Survived_: the
run passed, because the fault came after the last result or for the reason in the second table. _Missed_: what the fault should hit had
already ended. _Wrong_: anything else.`;
  const section = `## Injected faults\n\n${legend}\n\n${head}\n\n${table}\n\n${harmlessTable(kinds)}`;
  await writeFile(path, withSection(page, section));
}
