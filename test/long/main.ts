// SPDX-License-Identifier: GPL-3.0-or-later
// `npm run test:long`: see CONTRIBUTING.md.
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judge } from './judge.ts';
import { longRun, type LongRun } from './long-run.ts';
import { describeRun } from './table.ts';

const page = resolve(import.meta.dirname, '../../docs/reliability.md');
/** More testbeds than a machine can run in a minute. */
const perMinute = 600;

const { values } = parseArgs({
  options: {
    testbeds: { type: 'string' },
    minutes: { type: 'string' },
    every: { type: 'string' },
    workers: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const minutes = values.minutes === undefined ? undefined : count('minutes', values.minutes);
const testbeds = values.testbeds === undefined ? (minutes ?? 0) * perMinute || 500 : count('testbeds', values.testbeds);
const every = values.every === undefined ? 10 : count('every', values.every);
const workers = values.workers === undefined ? undefined : count('workers', values.workers);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    stop.abort();
  });
const run = await longRun({
  testbeds,
  minutes,
  every,
  workers,
  signal: stop.signal,
  say: (line) => process.stderr.write(`${line}\n`),
});
process.exitCode = (await report(run)) ? 0 : 1;

function count(option: string, value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${option}: expected a positive whole number, got ${value}`);
  return Number(value);
}

/** @returns whether everything was as it should be */
async function report(done: LongRun): Promise<boolean> {
  const hasPassed = done.status === 0 && (minutes !== undefined || done.testbeds === testbeds);
  if (!hasPassed) process.stdout.write(`alpy ended with ${String(done.status)}:\n${done.output}\n`);
  if (!hasPassed && done.samples.length === 0) return false;
  const judged = judge(done.samples);
  const text = describeRun(done, judged, minutes !== undefined);
  process.stdout.write(`${text}\n`);
  if (done.left.length > 0) process.stdout.write(`left behind: ${done.left.join(', ')}\n`);
  if (values.write) await writeSection(minutes === undefined ? 'testbeds' : 'load', text);
  return hasPassed && done.left.length === 0 && judged.every(({ isFlat }) => isFlat);
}

/** Replaces the text between the markers of a section. */
async function writeSection(name: string, text: string): Promise<void> {
  const [begin, end] = [`<!-- long ${name}: begin -->`, `<!-- long ${name}: end -->`];
  const old = await readFile(page, 'utf8');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`expected ${begin} and ${end} in ${page}`);
  await writeFile(page, `${old.slice(0, from + begin.length)}\n${text}\n${old.slice(to)}`);
}
