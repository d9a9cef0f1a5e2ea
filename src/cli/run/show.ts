// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import type { Config, LoadedConfig } from '../../config/index.ts';
import { makeRedactor, secretsOf } from '../../core/redact.ts';
import { valueOf } from '../../core/variables.ts';
import { escapeControls, testFailureLines, type RunReport, type TestReport } from '../../report/index.ts';
import type { Activity } from '../../runner/index.ts';
import { bootCacheFile } from '../cache.ts';
import type { CliIo } from '../io.ts';
import { BootDurations } from './live/boot-durations.ts';
import { LiveLines } from './live/live-lines.ts';
import { Progress } from './live/progress.ts';
import type { RunArguments } from './options.ts';
import { chooseOutput, printsDocument } from './reporters/choose.ts';
import { parseReporters, type ReporterName } from './reporters/names.ts';
import type { ListOptions } from './reporters/list.ts';
import type { OutputStyle } from './reporters/run-output.ts';
import { styleOf } from './reporters/style.ts';

const pauseText = 'Paused: press Enter to go on, Ctrl-C to end the run';

/** What a run shows. */
export interface Show extends AsyncDisposable {
  readonly showSteps: boolean;
  /** takes what tests print on their standard output */
  readonly testOutput: NodeJS.WriteStream;
  readonly onFacts: (environment: Readonly<Record<string, string>>) => void;
  /** absent if nothing shows it */
  readonly onActivity: ((activity: Activity) => void) | undefined;
  readonly onTest: (test: TestReport) => void;
  /** says that a test has failed and that its testbed waits */
  readonly pause: (test: TestReport, howToJoin: readonly string[]) => void;
  /** ends the pause */
  readonly goOn: () => void;
  /** prints the end */
  readonly end: (report: RunReport) => Promise<void>;
}

/**
 * Chooses what a run shows, as the command line says: reporters, and live progress in a terminal.
 * @throws UsageError if the reporters do not exist, or cannot be combined
 */
export async function openShow(io: CliIo, args: RunArguments, { config }: LoadedConfig): Promise<Show> {
  const names = parseReporters(args.reporter);
  const isJob = valueOf(io.env, 'CI_JOB_ID') !== undefined;
  const stream = printsDocument(names) ? process.stderr : process.stdout;
  const style = styleOf(stream);
  const outPath = relative(io.directory, config.out) || '.';
  const showSteps = args.verbose && !isJob; // the log of a job shows them when the test has ended
  await using opened = new AsyncDisposableStack();
  const isLive = stream.isTTY && valueOf(io.env, 'CI') === undefined && !showSteps;
  const live = isLive ? opened.use(new LiveLines([stream, process.stdout, process.stderr])) : undefined;
  const output = chooseOutput(names, {
    ...style,
    amount: amountOf(args),
    outPath,
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    rewrite:
      live &&
      ((line) => {
        live.set([line]);
      }),
    ...(isJob ? { job: { outDirectory: config.out, redact: makeRedactor(secretsOf(io.env)) } } : {}),
  });
  const progress = live && showsProgress(names) ? await openProgress(opened, live, style, io, config) : undefined;
  const parts = opened.move();
  const pauses = new Set<string>();
  const { paint } = style;
  return {
    showSteps,
    testOutput: stream,
    onFacts: (environment) => {
      output.facts(environment);
      progress?.status('collecting tests');
    },
    onActivity:
      progress &&
      ((activity) => {
        progress.activity(activity);
      }),
    onTest: (test) => {
      progress?.test(test);
      output.test(pauses.has(test.id) ? { ...test, errors: [] } : test); // its errors were printed before the pause
    },
    pause: (test, howToJoin) => {
      pauses.add(test.id);
      const name = paint('red', `${escapeControls(test.file)} > ${escapeControls(test.fullName)}`);
      const lines = [`${paint('red', '✗')} ${name}`, ...testFailureLines(test, outPath, style.failureStyle), '', ...howToJoin];
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
      if (progress) progress.pause(pauseText);
      else process.stdout.write(`${pauseText}\n`);
    },
    goOn: () => progress?.pause(undefined),
    end: async (report) => {
      await parts.disposeAsync();
      await output.end(report, outPath);
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function amountOf({ quiet, verbose }: RunArguments): ListOptions['amount'] {
  if (quiet) return 'quiet';
  return verbose ? 'all' : 'usual';
}

/** A line or dots show the progress themselves. */
function showsProgress(names: readonly ReporterName[]): boolean {
  return !names.includes('line') && !names.includes('dot');
}

async function openProgress(
  opened: AsyncDisposableStack,
  live: LiveLines,
  style: OutputStyle,
  io: CliIo,
  { devices, accel }: Config,
): Promise<Progress> {
  const boots = await BootDurations.open(
    bootCacheFile(io.env),
    [...devices.flatMap(({ appliance: { name, image = '' } }) => [name, image]), accel].join(' '),
  );
  opened.defer(() => boots.save());
  return opened.use(new Progress(live, style, boots));
}
